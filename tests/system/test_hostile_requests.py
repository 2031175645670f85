"""Requests that are meant to be misread: by us, by a proxy before us, or by who reads our logs."""

import json
import re
import struct
import unittest
import urllib.parse

from fake_upstream import FakeUpstream, config, error
from harness import Client, Server, ServerTest, demo_config, eventually
from raw_http import LAST, answers_to, connect, read_answers, statuses

NO_ID = "01a1f95b-6ac0-7a08-a0ec-34108d219948"
INTERACTIONS = "/api/interactions"
LIVE = b"GET /livez HTTP/1.1\r\n"


class HostileTest(ServerTest):
    config = demo_config(server={"cors_origins": ["http://localhost:*"]},
                         models={"unknown": "default"})

    def answers(self, data, then=LAST):
        return answers_to(self.server.port, data, then)

    def head(self, *lines, method="POST", target=INTERACTIONS):
        """A head with credentials, as bytes."""
        head = f"{method} {target} HTTP/1.1\r\nHost: x\r\nX-API-Key: {self.client.key}\r\n"
        return head.encode() + b"".join(line + b"\r\n" for line in lines) + b"\r\n"

    def get(self, target, *lines):
        return self.answers(self.head(*lines, method="GET", target=target))[0]

    def tearDown(self):
        self.assertEqual(self.client.get("/livez").status, 200)


class FramingTest(HostileTest):
    def test_a_body_whose_end_is_in_doubt_is_refused_and_nothing_behind_it_is_read(self):
        chunked, rest = b"Transfer-Encoding: chunked", b"2\r\n{}\r\n0\r\n\r\n"
        attacks = [self.head(*lines) + body for lines, body in (
            ((b"Content-Length: 5", chunked), rest),
            ((chunked, b"Content-Length: 5"), rest),
            ((b"Content-Length: 2", b"Content-Length: 13"), b"{}" + rest),
            ((b"Content-Length: 2", b"Content-Length: 2"), b"{}"),
            ((b"Content-Length: 2, 2",), b"{}"),
            ((chunked, chunked), rest),
            ((b"Transfer-Encoding: gzip, chunked",), rest),
            ((b"Transfer-Encoding: chunked, identity",), rest),
            ((b"Transfer-Encoding: xchunked",), rest),
            ((b'Transfer-Encoding: "chunked"',), rest),
            ((b"Transfer-Encoding: chunked,",), rest),
            ((b"Transfer-Encoding:\x0bchunked",), rest),
            ((b"Transfer-Encoding: chunked\0",), rest),
            ((b"Transfer-Encoding:",), rest),
            ((b"Transfer-Encoding : chunked",), rest),
            ((b"Transfer-Encoding:\r\n chunked",), rest),
            ((b"A: b\r\n\tc", b"Content-Length: 2"), b"{}"),
            ((b"A: b\nContent-Length: 2",), b"{}"),
            ((b"A: b\rContent-Length: 2",), b"{}"))]
        attacks.append(b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + rest)
        for attack in attacks:
            with self.subTest(attack[-70:]):
                self.assertEqual(statuses(self.answers(attack)), [400])

    def test_a_length_is_a_decimal_number_and_nothing_else(self):
        for length in (b"-1", b"+2", b"0x2", b"2.0", b"1e1", b"", b"2 2", b"two", b"\xb2",
                       b"18446744073709551616", b"9" * 1000):
            with self.subTest(length):
                refused = self.answers(self.head(b"Content-Length: " + length) + b"{}")
                self.assertEqual(statuses(refused), [400])
        for length in (b"10485761", b"9223372036854775808", b"18446744073709551615"):
            with self.subTest(length):
                self.assertEqual(statuses(self.answers(self.head(b"Content-Length: " + length))),
                                 [413])
        for length in (b"2", b"0002", b" 2\t"):
            with self.subTest(length):
                taken = self.answers(self.head(b"Content-Length:" + length) + b"{}")
                self.assertEqual(statuses(taken), [201, 200])

    def test_a_malformed_chunk_is_refused(self):
        for body in (b"xyz\r\n", b"-2\r\n{}", b"+2\r\n{}", b"0x2\r\n{}", b" 2\r\n{}", b"2 \r\n{}",
                     b"2\n{}", b"2\r{}", b"\r\n2\r\n{}", b"2\r\n{}\n0\r\n", b"2\r\n{}0\r\n",
                     b"2\r\n{} \r\n0\r\n", b"2\r\n{}\r\n0\n\n", b"2\r\n{}\r\n0\r\nA: b\n\n",
                     b"2;a\n\r\n{}\r\n0\r\n\r\n", b'2;a="\n"\r\n{}\r\n0\r\n\r\n',
                     b"2;a\rb\r\n{}\r\n0\r\n\r\n",
                     b"fffffffffffffffff\r\n", b"1;" + b"a" * 40_000, b"0\r\nA: " + b"a" * 100_000):
            with self.subTest(body[:40]):
                attack = self.head(b"Transfer-Encoding: chunked") + body
                self.assertEqual(statuses(self.answers(attack)), [400])

    def test_chunks_may_have_zeros_extensions_and_trailers_which_become_no_headers(self):
        body = b"0000000001;a=b\r\n{\r\n1;c=\"d\"\r\n}\r\n0\r\nX-API-Key: nobody\r\n\r\n"
        taken = self.answers(self.head(b"Transfer-Encoding: chunked") + body)

        self.assertEqual(statuses(taken), [201, 200])

    def test_a_body_beyond_its_limit_is_413_whatever_it_says_of_its_length(self):
        server = self.serve(demo_config(server={"body_bytes": 1024}))
        client = server.client()
        for attack in (self.head(b"Content-Length: 1025"),
                       self.head(b"Transfer-Encoding: chunked") + b"401\r\n" + b"x" * 1025,
                       self.head(b"Transfer-Encoding: chunked") + b"1\r\nx\r\n" * 2000,
                       self.head(b"Transfer-Encoding: chunked") + b"7fffffffffffffff\r\nx"):
            self.assertEqual(statuses(answers_to(server.port, attack)), [413])
        self.assertEqual(client.post(INTERACTIONS, {"title": "x" * 200}).status, 201)

    def test_a_body_that_is_longer_than_it_said_is_no_request(self):
        attack = self.head(b"Content-Length: 2") + b"{}GET /smuggled\r\n\r\n"

        self.assertEqual(statuses(self.answers(attack)), [201, 400])

    def test_heads_that_are_no_heads_are_400(self):
        host = b"Host: x\r\n\r\n"
        for attack in (
                b"GET /livez\r\n\r\n", b"GET /livez HTTP/0.9\r\n" + host, b"GET /livez HTTP/1.2\r\n" + host,
                b"GET /livez HTTP/2.0\r\n" + host, b"GET /livez http/1.1\r\n" + host,
                b"GET /livez HTTP/1.1 \r\n" + host, b"GET  /livez HTTP/1.1\r\n" + host,
                b"GET\t/livez HTTP/1.1\r\n" + host, b" GET /livez HTTP/1.1\r\n" + host,
                b"G\0T /livez HTTP/1.1\r\n" + host, b"GET /liv\0ez HTTP/1.1\r\n" + host,
                b"GET /liv\x7fez HTTP/1.1\r\n" + host, b"GET /a b HTTP/1.1\r\n" + host,
                LIVE + b"\r\n", LIVE + b"Host: x\r\n" + host, LIVE + b"Host: a b\r\n\r\n",
                LIVE + b"Host: a/b\r\n\r\n", LIVE + b"Host: user@a\r\n\r\n",
                LIVE + b"A\0: b\r\n" + host, LIVE + b"A: \0\r\n" + host, LIVE + b"A: \x01\r\n" + host,
                LIVE + b"A b: c\r\n" + host, LIVE + b"A : c\r\n" + host, LIVE + b": c\r\n" + host,
                LIVE + b"A(b): c\r\n" + host, LIVE + b"nonsense\r\n" + host,
                LIVE[:-2] + b"\nHost: x\n\n", b"\n" + LIVE + host, b"\0" * 100):
            with self.subTest(attack[:60]):
                self.assertEqual(statuses(self.answers(attack)), [400])

    def test_other_protocols_are_refused_and_no_tunnel_is_opened(self):
        hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500)
        preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9)
        proxied = b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"
        for attack in (hello, preface, proxied, b"\x05\x01\x00", b"SSH-2.0-x\r\n"):
            with self.subTest(attack[:10]):
                self.assertEqual(statuses(self.answers(attack)), [400])
        for method, target, status in (("CONNECT", "x:443", 400), ("CONNECT", "/livez", 405),
                                       ("TRACE", "/livez", 405), ("OPTIONS", "*", 400),
                                       ("x" * 5000, "/livez", 405)):
            with self.subTest(method[:10]):
                answers = self.answers(self.head(method=method, target=target))
                self.assertEqual(statuses(answers), [status, 200])
                self.assertNotIn(self.client.key.encode(), answers[0].body)
        for protocol in (b"websocket", b"h2c", b"TLS/1.3"):
            upgrade = self.head(b"Connection: Upgrade", b"Upgrade: " + protocol,
                                b"HTTP2-Settings: AAMAAABk", method="GET", target="/livez")
            self.assertEqual(statuses(self.answers(upgrade)), [200, 200])

    def test_too_many_headers_or_too_long_ones_are_431(self):
        for lines in ([b"A: b"] * 200, [b"%d: b" % n for n in range(200)], [b"A: " + b"b" * 17_000],
                      [b"A" * 17_000 + b": b"], [b"A: " + b"b" * 1000] * 20):
            with self.subTest(len(lines)):
                self.assertEqual(statuses(self.answers(self.head(*lines))), [431])
        self.assertEqual(statuses(self.answers(b"GET /" + b"a" * 17_000)), [431])


class TargetTest(HostileTest):
    def test_a_path_is_what_it_says_and_never_another(self):
        for path in ("/api/../livez", "/..", "/../../etc/passwd", "/%2e%2e/livez", "/./livez",
                     "/api/%2e%2e/livez", "//livez", "/livez/", "/livez//", "/livez;x", "/LIVEZ",
                     "/livez%0d%0aX:y", "/\\livez", "/api%2finteractions", "/api%2Finteractions",
                     "/api/admin%2fkeys", "/api/interactions%2f", "/%2flivez", "/livez%20", "/livez%3fx",
                     f"{INTERACTIONS}/{NO_ID}%2fmessages", f"{INTERACTIONS}/..%2f..%2f{NO_ID}",
                     f"{INTERACTIONS}/%27%20OR%201=1", f"/api/runs/{NO_ID}%0d%0a"):
            with self.subTest(path):
                self.assertEqual(self.get(path).status, 404)

    def test_a_target_that_cannot_be_read_is_400(self):
        for target in ("/livez%00", "/%", "/%z", "/%zz", "/%ff", "/%c0%af", "/%ed%a0%80", "/livez#x",
                       "/livez#", "livez", "\\livez", "?x", "*", "x:80", "ftp://x/livez",
                       "http://[::1/livez", "http://x:99999/livez", "http:///livez", "//",
                       "/livez?%ff=1", "/livez?a=%ff", "/livez?a=%zz"):
            with self.subTest(target):
                self.assertIn(self.get(target).status, (400,) if target != "//" else (404,))

    def test_the_absolute_form_is_read_and_its_host_means_nothing(self):
        for target in ("http://elsewhere.example/livez", "https://user@elsewhere.example:1/livez?x"):
            self.assertEqual(self.get(target).status, 200)

    def test_letters_may_be_encoded_and_a_query_may_be_long(self):
        self.assertEqual(self.get("/%61pi/%69nteractions").status, 200)
        self.assertEqual(self.get("/livez?" + "a&" * 5000).status, 200)
        self.assertEqual(self.get("/livez?").status, 200)


class CredentialsTest(HostileTest):
    def test_credentials_that_contradict_each_other_are_400(self):
        key = f"X-API-Key: {self.client.key}".encode()
        bearer = f"Authorization: Bearer {self.client.key}".encode()
        for lines, status in (((b"X-API-Key: another",), 400), ((b"Authorization: Bearer x",), 400),
                              ((bearer, b"Authorization: Bearer another"), 400),
                              ((bearer, b"Authorization: Basic YTpi"), 400),
                              ((key,), 200), ((key, bearer, bearer), 200)):
            with self.subTest(lines):
                self.assertEqual(self.get(INTERACTIONS, *lines).status, status)

    def test_an_encoded_body_is_415_and_never_unpacked(self):
        for coding in (b"gzip", b"br", b"deflate, gzip"):
            answers = self.answers(self.head(b"Content-Encoding: " + coding, b"Content-Length: 2")
                                   + b"{}")
            self.assertEqual(statuses(answers), [415, 200])
        self.assertEqual(statuses(self.answers(
            self.head(b"Content-Encoding: identity", b"Content-Length: 2") + b"{}")), [201, 200])


class EchoTest(HostileTest):
    """What a client sends and the server repeats: no header, event or line of the log begins in it."""

    NASTY = ("a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\r\n\r\ndata: evil\n\n", "a\0b", "a\x1b[31m", "naïve",
             "\u2028x", "\ufeff", "a" * 3000)

    def assert_no_trace(self, answer):
        self.assertNotIn("x-evil", answer.headers)
        for value in answer.headers.values():
            self.assertRegex(value, r"^[\x20-\x7e]*$")

    def test_no_header_of_a_request_becomes_one_of_the_answer(self):
        for name in ("X-Request-Id", "Idempotency-Key", "X-Interaction-Id", "X-Run-Id", "Origin",
                     "Last-Event-ID", "If-Match", "traceparent", "X-Patchbay-On-Conflict", "Accept",
                     "X-Forwarded-For", "Host", "User-Agent", "Access-Control-Request-Headers"):
            for value in (b"x\tX-Evil: 1", b"\xff\xfe", "naïve".encode(), b"http://localhost:1\tx"):
                with self.subTest(f"{name}: {value}"):
                    line = name.encode() + b": " + value
                    head = self.head(line, b"Content-Length: 17",
                                     target="/api/stream/stream-conversation")
                    if name == "Host":
                        head = head.replace(b"Host: x\r\n", b"", 1)
                    for answer in self.answers(head + b'{"message": "hi"}'):
                        self.assert_no_trace(answer)
                        self.assertNotEqual(answer.headers["x-request-id"], value.decode("latin-1"))

    def test_an_origin_is_repeated_only_when_it_is_one_that_may_call(self):
        for origin in ("http://localhost:1\t", "http://localhost:1 x", "http://localhost:", "null",
                       "http://localhost:1, http://evil.example", "http://localhost:1\xff"):
            with self.subTest(origin):
                answer = self.get("/livez", f"Origin: {origin}".encode("latin-1"))
                allowed = answer.headers.get("access-control-allow-origin")
                self.assertIn(allowed, (None, "http://localhost:1"))
                self.assertEqual(allowed is not None, origin.strip() == "http://localhost:1")

    def test_no_text_of_a_request_begins_an_event_or_a_header(self):
        for text in self.NASTY:
            with self.subTest(text[:20]):
                query = urllib.parse.urlencode({"message": text, "model": text[:200]})
                simple = self.client.stream("GET", f"/api/stream/stream-simple?{query}")
                self.assert_no_trace(simple)
                for event in simple.rest():
                    json.loads(event.text)
                    self.assertNotEqual(event.text, "evil")
                interaction = self.client.interaction(title=text[:200], metadata={text[:200]: text})
                stream = self.client.run(interaction, text, model=text[:200],
                                         headers={"Idempotency-Key": f"k{len(text)}"})
                self.assert_no_trace(stream)
                events = stream.rest()
                self.assertEqual(events[-1].name, "run.completed")
                self.assertEqual(events[0].data["content"][0]["text"], text)
                read = self.client.get(f"{INTERACTIONS}/{interaction}")
                self.assert_no_trace(read)
                self.assertEqual(read.json()["title"], text[:200])

    def test_ids_in_a_path_or_a_body_are_not_repeated_in_headers(self):
        for text in self.NASTY[:-1]:
            with self.subTest(text):
                quoted = urllib.parse.quote(text)
                for path in (f"{INTERACTIONS}/{quoted}/events", f"/api/runs/{quoted}", f"/{quoted}"):
                    answer = self.client.get(path)
                    self.assertIn(answer.status, (400, 404))
                    self.assert_no_trace(answer)
                answer = self.client.converse("hi", interaction=text)
                self.assertIn(answer.status, (400, 404))
                self.assert_no_trace(answer)

    def test_no_line_of_the_log_begins_in_a_clients_or_an_upstreams_text(self):
        forged = "x\n2026-01-01T00:00:00.000Z error forged"
        upstream = FakeUpstream(error(500, {"error": {"message": forged, "code": forged}}))
        self.addCleanup(upstream.close)
        server = Server(config(upstream, {"models": []})).start(env={"ENABLE_LOGS": "true"})
        self.addCleanup(server.close)
        client = server.client()
        run = client.run(client.interaction(), "hi", model=f"upstream/{forged}")
        self.assertEqual(run.rest()[-1].name, "run.failed")
        client.get("/" + urllib.parse.quote(forged))
        client.get(f"/livez?{urllib.parse.quote(forged)}=%ff")
        client.post(INTERACTIONS, {forged: 1})
        Client(server.port, None).get(INTERACTIONS, {"X-Forwarded-For": "x"})

        log = eventually(lambda: server.read_log() if "forged" in server.read_log() else None,
                         "the log has it")

        lines = log.strip().split("\n")
        for line in lines:
            self.assertRegex(line, r"^\d{4}-\d\d-\d\dT[\d:.]+Z (debug|info|warning|error) ")
            self.assertFalse(line.startswith("2026-01-01"), line)
        self.assertGreaterEqual(sum("forged" in line for line in lines), 3)


if __name__ == "__main__":
    unittest.main()

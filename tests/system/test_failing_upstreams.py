"""Each way in which an upstream fails once it has been asked; see failing_upstream.py for what must
hold each time. Those who cannot be asked at all are in test_unreachable_upstreams.py."""

import gzip
import socket
import struct
import threading
import unittest

from failing_upstream import (HALF, HALF_TEXT, LONG_MS, SECRET, SHORT_MS, STREAM, THEIRS, UNTIL_CLOSE,
                              FailingUpstreamTest)
from fake_upstream import (DONE, FakeUpstream, answers, chunk, cut, error, event, floods, holds, says,
                           sends)
from harness import SLOW, text_of


def vendor(**words):
    return {"error": {"message": f"Traceback, {THEIRS}", **words}}


def body(content_type, data, status="200 OK", headers=b""):
    return sends(f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\n"
                 f"Content-Length: {len(data)}\r\n".encode() + headers + b"\r\n" + data)


class RefusalTest(FailingUpstreamTest):
    def test_each_status_is_the_error_that_it_means(self):
        self.assert_each_fails((
            ("credentials", error(401, {"error": {"message": f"Incorrect key {SECRET}, {THEIRS}"}}),
             "upstream", False, ""),
            ("not allowed", error(403, vendor()), "upstream", False, ""),
            ("no such page", error(404, vendor()), "upstream", False, ""),
            ("no such model", error(404, vendor(code="model_not_found")), "model_not_found", False, ""),
            ("bad request", error(400, vendor()), "bad_request", False, ""),
            ("too long", error(400, vendor(code="context_length_exceeded")), "context_length",
             False, ""),
            ("request too large", error(413, vendor()), "too_large", False, ""),
            ("no money", error(429, vendor(code="insufficient_quota")), "quota_exceeded", False, ""),
            ("their own timeout", error(408, vendor()), "timeout", True, ""),
            ("their gateway's timeout", error(504, vendor()), "timeout", True, ""),
            ("500", error(500, vendor()), "upstream", True, ""),
            ("502", error(502, vendor()), "upstream", True, ""),
            ("503", error(503, vendor()), "upstream", True, ""),
            ("a proxy's page with a status", body("text/html", b"<h1>theirs alone</h1>", "502 Bad"),
             "upstream", True, ""),
            ("a status without a body", body("text/plain", b"", "500 No"), "upstream", True, "")))

    def test_429_says_for_how_long_to_wait_where_the_upstream_does(self):
        for headers, wait_ms in (({"Retry_After": "3"}, 3000), ({"Retry_After_Ms": "250"}, 250),
                                 ({"Retry_After": "soon"}, None), ({}, None)):
            with self.subTest(headers):
                failed = self.assert_fails("rate_limited", True,
                                           answer=error(429, vendor(), **headers))

                self.assertEqual(failed.get("retry_after_ms"), wait_ms)
                run = self.client.get(f"/api/runs/{failed['run_id']}").json()
                self.assertEqual(run["error"].get("retry_after_ms"), wait_ms)

    def test_a_redirect_is_not_followed_and_no_credentials_go_elsewhere(self):
        elsewhere = FakeUpstream()
        self.addCleanup(elsewhere.close)
        for status in (301, 302, 303, 307, 308):
            with self.subTest(status):
                self.assert_fails("upstream", False, answer=error(
                    status, {}, Location=f"{elsewhere.url}/chat/completions"))

        self.assertEqual(elsewhere.accepted, 0)

    def test_what_is_no_answer_of_a_model_is_an_error(self):
        zipped = gzip.compress(chunk("zipped") + chunk(finish_reason="stop") + DONE)
        self.assert_each_fails((
            ("204", sends(b"HTTP/1.1 204 No Content\r\n\r\n"), "upstream", None, ""),
            ("an empty 200", body("application/json", b""), "upstream", None, ""),
            ("an empty stream", sends(UNTIL_CLOSE), "upstream", None, ""),
            ("a proxy's page", body("text/html", b"<h1>theirs alone</h1>"), "upstream", False, ""),
            ("JSON of something else", body("application/json", b'{"status": "ok"}'), "upstream",
             False, ""),
            ("an error that calls itself 200", body("application/json", b'{"error": "no"}'),
             "upstream", True, ""),
            ("a zipped stream, unasked", sends(
                STREAM + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n" + zipped),
             "upstream", False, ""),
            ("a zipped completion, unasked", body("application/json", gzip.compress(b"{}"),
                                                  headers=b"Content-Encoding: gzip\r\n"),
             "upstream", False, ""),
            ("not HTTP", sends(b"SSH-2.0-OpenSSH_9.2\r\n"), "upstream", None, ""),
            ("nothing at all", lambda connection: None, "upstream", True, "")))


class BrokenStreamTest(FailingUpstreamTest):
    def test_an_answer_that_breaks_off_is_truncated(self):
        cuts = (
            ("closed in mid-event", cut("half an ", "answer")),
            ("ended without a reason and [DONE]", answers("half an ", "answer")),
            ("closed without a length", sends(UNTIL_CLOSE + HALF)),
            ("shorter than its length", sends(STREAM + b"Content-Length: 99999\r\n\r\n" + HALF)),
            ("[DONE] where a reason was due", answers("half an ", "answer", DONE)),
            ("an error in a field of no name that SSE knows, then [DONE]",
             answers("half an ", "answer", b'error: {"message": "theirs alone"}\n\n', DONE)),
            ("an event cut in its text", sends(UNTIL_CLOSE + HALF + b'data: {"choices": [{"delta"')),
            ("a bad chunk", sends(STREAM + b"Transfer-Encoding: chunked\r\n\r\n"
                                  + b"%x\r\n" % len(HALF) + HALF + b"\r\nnonsense\r\n")))
        self.assert_each_fails((name, answer, self.code_of(name), None, HALF_TEXT)
                               for name, answer in cuts)

    def test_a_reset_is_truncated(self):
        shown = threading.Event()  # what lies unread may be lost with the connection
        self.upstream.answer = cut("half an ", "answer", reset_after=shown)
        stream = self.client.run(self.client.interaction(), "hello")
        events = []
        while text_of(events) != HALF_TEXT:
            events.append(stream.next())
        shown.set()
        events += stream.rest()

        self.assert_failed_natively(events, "upstream_truncated", None, HALF_TEXT)

    def code_of(self, name):
        return "upstream" if name == "an event cut in its text" else "upstream_truncated"

    def test_an_error_in_mid_stream_fails_the_run(self):
        for words, code, recoverable in (({}, "upstream", True),
                                         ({"code": "rate_limit_exceeded"}, "rate_limited", True),
                                         ({"code": "insufficient_quota"}, "quota_exceeded", False)):
            with self.subTest(code):
                self.assert_fails(code, recoverable, HALF_TEXT,
                                  holds("half an ", "answer", event(vendor(**words))))

    def test_nonsense_in_mid_stream_fails_the_run(self):
        nonsense = (
            b"theirs alone", b"{", b"[1]", b"42", b"null", b'{"choices": [{"delta": {"content": "\xff"}}]}',
            b'{"choices": [{"delta": {"content": "\\ud800"}}]}', b'{"choices": {"0": {}}}',
            b'{"choices": "theirs alone"}', b'{"choices": ["theirs alone"]}',
            b'{"choices": [{"delta": "theirs alone"}]}', b'{"choices": [{"delta": ["x"]}]}',
            b'{"choices": [{"delta": {"content": 42}}]}',
            b'{"choices": [{"delta": {"content": ["theirs alone"]}}]}',
            b'{"choices": [{"delta": {"tool_calls": "theirs alone"}}]}',
            b'{"choices": [{"delta": {}, "finish_reason": 1}]}', b"[" * 100_000)
        self.assert_each_fails((data[:60], holds("half an ", "answer", b"data: " + data + b"\n\n"),
                                "upstream", False, HALF_TEXT) for data in nonsense)

    def test_what_has_no_end_is_stopped_at_its_limit(self):
        million = b"x" * 1_000_000
        line = b"data: " + million * 10 + b"\n\n"
        self.assert_each_fails((
            ("a line of 10 MB", sends(UNTIL_CLOSE + HALF + line, hold=True), "upstream", False,
             HALF_TEXT),
            ("an endless line", floods(UNTIL_CLOSE + HALF + b"data: ", million), "upstream", False,
             HALF_TEXT),
            ("an endless event", floods(UNTIL_CLOSE + HALF, b"data: " + b"x" * 100_000 + b"\n"),
             "upstream", False, HALF_TEXT),
            ("an endless page", floods(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", million),
             "upstream", False, ""),
            ("an endless page with a status", floods(
                b"HTTP/1.1 500 No\r\nContent-Type: text/html\r\n\r\n", million), "upstream", True, ""),
            ("an endless head", floods(STREAM, b"X-More: " + b"x" * 1000 + b"\r\n"), "upstream",
             None, ""),
            ("an endless header", floods(STREAM + b"X-More: ", million), "upstream", None, ""),
            ("an endless status line", floods(b"HTTP/1.1 200 ", million), "upstream", None, "")))
        self.assertLess(self.resident_mib(), 300 * SLOW)

    def resident_mib(self):
        status = open(f"/proc/{self.server.process.pid}/status").read()
        return int(status.split("VmHWM:")[1].split()[0]) // 1024


class SlowUpstreamTest(FailingUpstreamTest):
    def assert_times_out(self, answer, plugin, text=""):
        client = self.client_of({"connect_timeout_ms": LONG_MS, "first_byte_timeout_ms": LONG_MS,
                                 "idle_timeout_ms": LONG_MS, **plugin})
        self.assert_fails("timeout", True, text, answer, client)

    def test_headers_that_never_come(self):
        self.assert_times_out(lambda connection: connection.wait_until_left(),
                              {"first_byte_timeout_ms": SHORT_MS})

    def test_half_a_head_and_no_more(self):
        self.assert_times_out(sends(STREAM, hold=True), {"first_byte_timeout_ms": SHORT_MS})

    def test_interim_answers_and_nothing_else(self):
        def interim(connection):
            while not connection.left.wait(0.01):
                connection.send(b"HTTP/1.1 102 Processing\r\n\r\n")

        self.assert_times_out(interim, {"first_byte_timeout_ms": SHORT_MS})

    def test_a_first_token_that_never_comes(self):
        self.assert_times_out(holds(), {"first_byte_timeout_ms": SHORT_MS})

    def test_a_stall_in_mid_stream(self):
        self.assert_times_out(sends(UNTIL_CLOSE + HALF, hold=True), {"idle_timeout_ms": SHORT_MS},
                              HALF_TEXT)

    def test_an_error_page_that_never_ends(self):
        self.assert_times_out(sends(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<h1>",
                                    hold=True), {"idle_timeout_ms": SHORT_MS})

    def test_a_call_that_takes_too_long_in_all(self):
        self.assert_times_out(sends(UNTIL_CLOSE + HALF, hold=True), {"total_timeout_ms": 2000 * SLOW},
                              HALF_TEXT)

    def test_heartbeats_or_texts_without_an_end_meet_the_runs_own_limit(self):
        client = self.client_of({}, runs={"timeout_ms": 500})
        for more in (b": still there\n\n", chunk("and so on ")):
            with self.subTest(more[:20]):
                interaction = client.interaction()
                self.upstream.answer = floods(UNTIL_CLOSE, more)

                events = client.run(interaction, "hello").rest()

                self.assertEqual(events[-1].name, "run.cancelled")
                self.assertEqual(events[-1].data["by"], "timeout")
                self.assertEqual(client.messages(interaction)[-1]["status"], "partial")
                self.upstream.settled()


class OddButWholeTest(FailingUpstreamTest):
    WHOLE = chunk("all of it") + chunk(finish_reason="stop")

    def test_an_answer_may_come_in_any_pieces(self):
        def byte_by_byte(connection):
            connection.begin()
            for byte in self.WHOLE + DONE:
                connection.piece(bytes([byte]))
            connection.finish()

        pieces = self.WHOLE + DONE
        self.assert_each_is_whole((
            ("chunks of one byte", byte_by_byte),
            ("lines that end with CR LF", sends(UNTIL_CLOSE + pieces.replace(b"\n", b"\r\n"))),
            ("lines that end with CR", sends(UNTIL_CLOSE + pieces.replace(b"\n", b"\r"))),
            ("behind a byte order mark", sends(UNTIL_CLOSE + b"\xef\xbb\xbf" + pieces)),
            ("behind 100 Continue", sends(b"HTTP/1.1 100 Continue\r\n\r\n" + UNTIL_CLOSE + pieces)),
            ("behind early hints", sends(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
                                         + UNTIL_CLOSE + pieces)),
            ("without [DONE]", sends(UNTIL_CLOSE + self.WHOLE)),
            ("closed behind its reason", cut(self.WHOLE))))

    def test_what_comes_after_the_end_changes_nothing(self):
        pieces = self.WHOLE + DONE
        self.assert_each_is_whole((
            ("a text", sends(UNTIL_CLOSE + pieces + chunk("too much"))),
            ("an error", sends(UNTIL_CLOSE + pieces + event(vendor()))),
            ("nonsense", sends(UNTIL_CLOSE + pieces + b"data: nonsense\n\n")),
            ("texts without an end", floods(UNTIL_CLOSE + pieces, chunk("too much"))),
            ("a connection that stays open", sends(UNTIL_CLOSE + pieces, hold=True)),
            ("a chunked body that stays open", holds(self.WHOLE, DONE))))

    def test_an_answer_behind_the_answer_is_not_taken_for_the_next_ones(self):
        def two_at_once(connection):
            data = self.WHOLE + DONE
            head = STREAM + b"Content-Length: %d\r\n\r\n" % len(data)
            connection.send(head + data + head + data)
            connection.keep = True

        interaction = self.client.interaction()
        self.upstream.answer = two_at_once
        self.client.run(interaction, "hello").rest()
        self.upstream.answer = says("fine")

        self.assertEqual(text_of(self.client.run(interaction, "hello again").rest()), "fine ")

    def test_a_kept_connection_that_dies_when_it_is_used_again_costs_nothing(self):
        def keep(connection):
            says("all of it")(connection)
            connection.keep = True

        def die(reset):
            def answer(connection):
                if reset:
                    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                               struct.pack("ii", 1, 0))
                self.upstream.answer = says("all of it")
            return answer

        for reset in (False, True):
            with self.subTest(reset=reset):
                interaction = self.client.interaction()
                self.upstream.answer = keep
                first = self.client.run(interaction, "hello").rest()
                accepted, asked = self.upstream.accepted, len(self.upstream.connections)
                self.upstream.answer = die(reset)
                second = self.client.run(interaction, "hello again").rest()

                self.assertEqual(first[-1].name, "run.completed")
                self.assertEqual(second[-1].name, "run.completed", second[-1])
                self.assertEqual(text_of(second), "all of it ")
                self.assertEqual(len(self.upstream.connections), asked + 2)
                self.assertEqual(self.upstream.accepted, accepted + 1)


if __name__ == "__main__":
    unittest.main()

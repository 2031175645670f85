"""The rules that hold for every surface: errors, credentials, CORS, framing."""

import json
import socket
import unittest
import zlib

from harness import Client, ServerTest, Stream, demo_config, eventually

NO_ID = "01a1f95b-6ac0-7a08-a0ec-34108d219948"
NATIVE = "/api/interactions"
CONVERSATION = "/api/stream/stream-conversation"


class HttpTest(ServerTest):
    config = demo_config(server={"drain_timeout_ms": 50})

    def assert_error(self, answer, status, code, part=""):
        self.assertEqual(answer.status, status, answer.body)
        body = answer.json()
        self.assertEqual(body["code"], code)
        self.assertIn(part, body["error"])
        self.assertEqual(body["request_id"], answer.headers["x-request-id"])
        return body

    def talk(self, data):
        """Sends bytes as they are; the answer, with its body."""
        sock = socket.create_connection(("127.0.0.1", self.server.port), 30)
        self.addCleanup(sock.close)
        sock.sendall(data)
        return Stream(sock)


class RouteTest(HttpTest):
    def test_what_does_not_exist_is_404(self):
        for path in ("/", "/api", "/api/nonsense", f"{NATIVE}/{NO_ID}/nonsense", "/api/runs"):
            with self.subTest(path):
                self.assert_error(self.client.get(path), 404, "not_found")

    def test_ids_that_do_not_exist_are_404(self):
        for id in (NO_ID, "nonsense", "%00", "..%2f.."):
            for path in (f"{NATIVE}/{id}", f"{NATIVE}/{id}/messages", f"{NATIVE}/{id}/events",
                         f"/api/runs/{id}"):
                with self.subTest(path):
                    answer = self.client.get(path)
                    self.assertIn(answer.status, (404,) if "%" not in id else (400, 404))

    def test_an_unknown_interaction_in_a_conversation_is_404(self):
        for id in (NO_ID, "my-own-name"):
            answer = self.client.request("POST", CONVERSATION,
                                         {"message": "hi", "interaction_id": id})
            self.assert_error(answer, 404, "not_found")

    def test_a_wrong_method_is_405_and_says_which_are_right(self):
        for method, path, allowed in (
                ("PUT", NATIVE, {"GET", "HEAD", "POST", "OPTIONS"}),
                ("POST", f"{NATIVE}/{NO_ID}", {"GET", "HEAD", "PATCH", "DELETE", "OPTIONS"}),
                ("GET", CONVERSATION, {"POST", "OPTIONS"}),
                ("DELETE", f"/api/runs/{NO_ID}", {"GET", "HEAD", "OPTIONS"})):
            with self.subTest(f"{method} {path}"):
                answer = self.client.request(method, path)

                self.assert_error(answer, 405, "method_not_allowed")
                self.assertEqual(set(answer.headers["allow"].split(", ")), allowed)

    def test_head_is_get_without_a_body(self):
        interaction = self.client.interaction()
        for path in ("/livez", "/api/stream/health", f"{NATIVE}/{interaction}"):
            with self.subTest(path):
                stream = self.client.stream("HEAD", path)

                self.assertEqual(stream.status, 200)
                self.assertGreater(int(stream.headers["content-length"]), 0)
                stream.sock.sendall(self.client.bytes("GET", "/livez"))
                self.assertIn(b"HTTP/1.1 200", stream.sock.recv(100))  # not a body

    def test_every_answer_bears_a_request_id_of_its_own(self):
        answers = [self.client.get(NATIVE), self.client.get("/nonsense"),
                   Client(self.server.port, None).get(NATIVE), self.client.get("/livez"),
                   self.client.request("OPTIONS", NATIVE), self.client.post(NATIVE, b"{")]
        stream = self.talk(b"NONSENSE\r\n\r\n")

        ids = [answer.headers["x-request-id"] for answer in [*answers, stream]]
        self.assertEqual(len(set(ids)), 7)

    def test_a_stream_bears_the_ids_of_its_interaction_and_run(self):
        stream = self.client.converse("hello")

        self.assertEqual(stream.rest()[0].data["interaction_id"],
                         stream.headers["x-interaction-id"])
        self.assertEqual(self.client.wait_for_run(stream.headers["x-run-id"])["status"],
                         "completed")
        self.assertEqual(stream.headers["cache-control"], "no-cache, no-transform")
        self.assertEqual(stream.headers["x-accel-buffering"], "no")

    def test_http_1_0_gets_its_stream_until_the_connection_closes(self):
        body = b'{"message": "hello"}'
        stream = self.talk(b"POST /api/stream/stream-conversation HTTP/1.0\r\nX-API-Key: "
                           + self.client.key.encode() + b"\r\nContent-Length: "
                           + str(len(body)).encode() + b"\r\n\r\n" + body)
        text = stream.raw
        while more := stream.sock.recv(65536):
            text += more

        self.assertEqual(stream.status, 200)
        self.assertNotIn("transfer-encoding", stream.headers)
        self.assertTrue(text.startswith(b"id: ") or text.startswith(b"data: "), text[:50])
        self.assertIn(b'"type":"complete"', text)

    def test_a_head_that_is_too_large_is_431(self):
        answer = self.client.get(NATIVE, {"X-Long": "x" * 20000})

        self.assert_error(answer, 431, "head_too_large")

    def test_a_body_that_is_too_large_is_413(self):
        server = self.serve(demo_config(server={"body_bytes": 1024}))

        answer = server.client().post(NATIVE, {"title": "x" * 2000})

        self.assert_error(answer, 413, "too_large")

    def test_what_is_no_http_is_400(self):
        for data in (b"hello\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
                     b"Content-Length: 2\r\n\r\n"):
            with self.subTest(data):
                self.assertEqual(self.talk(data).status, 400)


class GzipTest(HttpTest):
    def test_a_stream_is_gzipped_for_whom_asks_and_each_event_can_be_read_at_once(self):
        server = self.serve(demo_config(demo={"words": 30, "token_delay_ms": 10}))
        client = server.client()
        stream = client.converse("hello", headers={"Accept-Encoding": "br, gzip"})
        decoder = zlib.decompressobj(wbits=31)
        text, chunks = b"", []
        while not stream.ended:
            stream._chunk()
            chunks.append(decoder.decompress(stream.text))
            stream.text = b""
            text += chunks[-1]

        self.assertEqual(stream.headers["content-encoding"], "gzip")
        self.assertIn("Accept-Encoding", stream.headers["vary"])
        self.assertTrue(decoder.eof)
        events = text.split(b"\n\n")
        self.assertEqual(events[-1], b"")
        self.assertIn(b'"type":"complete"', events[-2])
        for chunk in chunks:
            self.assertTrue(not chunk or chunk.endswith(b"\n\n"), "a chunk holds whole events")
        self.assertGreater(sum(1 for chunk in chunks if chunk), 20, "not all at the end")

    def test_nobody_gets_gzip_unasked(self):
        for headers in ({}, {"Accept-Encoding": "gzip;q=0"}, {"Accept-Encoding": "br"}):
            stream = self.client.converse("hello", headers=headers)
            self.assertNotIn("content-encoding", stream.headers)
            stream.rest()


class CredentialTest(HttpTest):
    def test_no_credentials_are_401_in_the_documents_words(self):
        answer = Client(self.server.port, None).get(NATIVE)

        body = self.assert_error(answer, 401, "unauthenticated")
        self.assertEqual(body["error"], "Unauthorized: API key is missing.")
        self.assertIn("www-authenticate", answer.headers)

    def test_an_unknown_key_is_403_in_the_documents_words_in_either_header(self):
        client = Client(self.server.port, None)
        wrong = self.client.key[:-1] + ("A" if self.client.key[-1] != "A" else "B")
        for headers in ({"X-API-Key": "nonsense"}, {"X-API-Key": wrong},
                        {"Authorization": f"Bearer {wrong}"}):
            with self.subTest(headers):
                body = self.assert_error(client.get(NATIVE, headers), 403, "forbidden")
                self.assertEqual(body["error"], "Forbidden: Invalid API key.")

    def test_a_bearer_that_is_no_key_at_all_is_refused(self):
        answer = Client(self.server.port, None).get(NATIVE, {"Authorization": "Bearer nonsense"})

        self.assertIn(answer.status, (401, 403))

    def test_another_scheme_is_401(self):
        answer = Client(self.server.port, None).get(NATIVE, {"Authorization": "Basic YTpi"})

        self.assert_error(answer, 401, "unauthenticated")

    def test_both_headers_are_fine_when_they_are_the_same(self):
        bearer = {"Authorization": f"bearer {self.client.key}"}

        self.assertEqual(Client(self.server.port, None).get(NATIVE, bearer).status, 200)
        self.assertEqual(self.client.get(NATIVE, bearer).status, 200)

    def test_both_headers_are_400_when_they_differ(self):
        answer = self.client.get(NATIVE, {"Authorization": f"Bearer {self.server.admin_key()}"})

        self.assert_error(answer, 400, "bad_request")

    def test_health_needs_no_credentials(self):
        for path in ("/livez", "/readyz", "/api/stream/health"):
            self.assertEqual(Client(self.server.port, None).get(path).status, 200)

    def test_nothing_is_done_before_the_credentials_are_known(self):
        anonymous = Client(self.server.port, None)
        for method, path in (("POST", CONVERSATION), ("POST", NATIVE), ("GET", "/api/metrics"),
                             ("GET", f"{NATIVE}/{NO_ID}"), ("POST", f"/api/runs/{NO_ID}/cancel")):
            with self.subTest(path):
                self.assertEqual(anonymous.request(method, path, {"bad": 1}).status, 401)


class CorsTest(HttpTest):
    config = demo_config(server={"cors_origins": ["https://app.example.com", "http://localhost:*"]})
    ALLOWED = ("https://app.example.com", "http://localhost:5173", "http://localhost:3000")
    FOREIGN = ("https://evil.example.com", "http://localhost.evil.com", "http://localhost:3000x",
               "https://app.example.com.evil.com", "null")

    def test_a_preflight_is_answered_before_credentials_are_asked_for(self):
        anonymous = Client(self.server.port, None)
        for origin in self.ALLOWED:
            answer = anonymous.request("OPTIONS", CONVERSATION, None, {
                "Origin": origin, "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "x-api-key, last-event-id"})

            self.assertEqual(answer.status, 204)
            self.assertEqual(answer.headers["access-control-allow-origin"], origin)
            self.assertIn("POST", answer.headers["access-control-allow-methods"])
            allowed = answer.headers["access-control-allow-headers"].lower()
            for name in ("authorization", "x-api-key", "content-type", "last-event-id",
                         "idempotency-key", "if-match", "x-patchbay-on-disconnect"):
                self.assertIn(name, allowed)

    def test_answers_errors_and_streams_bear_the_headers(self):
        origin = {"Origin": self.ALLOWED[0]}
        answers = [self.client.get(NATIVE, origin), self.client.get("/nonsense", origin),
                   Client(self.server.port, None).get(NATIVE, origin),
                   self.client.post(NATIVE, b"{", origin),
                   self.client.converse("hello", headers=origin)]

        for answer in answers:
            with self.subTest(answer.status):
                self.assertEqual(answer.headers["access-control-allow-origin"], self.ALLOWED[0])
                self.assertIn("X-Run-Id", answer.headers["access-control-expose-headers"])
                self.assertIn("Origin", answer.headers["vary"])
                self.assertNotIn("access-control-allow-credentials", answer.headers)

    def test_errors_that_end_a_request_before_it_is_whole_bear_the_headers_too(self):
        origin = self.ALLOWED[0]
        server = self.serve(demo_config(server={"cors_origins": [origin], "body_bytes": 1024,
                                                "body_timeout_ms": 100}))
        head = f"POST {NATIVE} HTTP/1.1\r\nHost: x\r\nOrigin: {origin}\r\n"
        requests = {408: head + "Content-Length: 10\r\n\r\nhalf",
                    413: head + "Content-Length: 100000\r\n\r\n",
                    431: head + "X-Long: " + "x" * 20000 + "\r\n\r\n",
                    400: head + "Transfer-Encoding: gzip\r\n\r\n"}

        for status, request in requests.items():
            with self.subTest(status), socket.create_connection(("127.0.0.1", server.port)) as sock:
                sock.sendall(request.encode())
                answer = Stream(sock)
                self.assertEqual(answer.status, status)
                self.assertEqual(answer.headers["access-control-allow-origin"], origin)
                self.assertRegex(json.loads(answer.body())["error"], r"^[A-Z].*\.$")

    def test_a_foreign_origin_gets_no_permission(self):
        for origin in self.FOREIGN:
            with self.subTest(origin):
                preflight = self.client.request("OPTIONS", NATIVE, None, {"Origin": origin})
                answer = self.client.get(NATIVE, {"Origin": origin})

                self.assertNotIn("access-control-allow-origin", preflight.headers)
                self.assertNotIn("access-control-allow-origin", answer.headers)

    def test_without_configured_origins_nobody_gets_permission(self):
        server = self.serve(demo_config())

        answer = server.client().get(NATIVE, {"Origin": "http://localhost:3000"})

        self.assertNotIn("access-control-allow-origin", answer.headers)


class OperationsTest(HttpTest):
    def test_health_says_what_the_document_says(self):
        body = self.client.get("/api/stream/health").json()

        self.assertEqual(body["status"], "healthy")
        self.assertEqual(body["service"], "interaction-streaming")
        self.assertGreater(body["timestamp"], 1.7e9)

    def test_metrics_are_for_administrators(self):
        self.assertEqual(self.client.get("/api/metrics").status, 403)
        answer = self.server.client().get("/api/metrics")

        self.assertTrue(answer.headers["content-type"].startswith("text/plain; version=0.0.4"))
        self.assertIn(b"# TYPE patchbay_runs_open gauge", answer.body)

    def test_the_description_names_every_route(self):
        described = self.client.get("/api/openapi.json").json()

        self.assertEqual(described["openapi"][:2], "3.")
        routes = (
            ("post", "/api/stream/stream-conversation"), ("get", "/api/stream/stream-simple"),
            ("get", "/api/stream/health"), ("post", NATIVE), ("get", NATIVE),
            ("get", NATIVE + "/{id}"), ("patch", NATIVE + "/{id}"), ("delete", NATIVE + "/{id}"),
            ("get", NATIVE + "/{id}/messages"), ("get", NATIVE + "/{id}/events"),
            ("post", NATIVE + "/{id}/runs"), ("get", "/api/runs/{id}"),
            ("post", "/api/runs/{id}/cancel"), ("get", "/api/metrics"), ("get", "/livez"),
            ("get", "/readyz"))
        missing = [f"{method} {path}" for method, path in routes
                   if method not in described["paths"].get(path, {})]
        self.assertEqual(missing, [])

    def half_a_request(self, server, path, body=b""):
        """A request whose last byte is held back, so that its connection outlives the draining."""
        whole = Client(server.port, server.admin_key()).bytes("POST" if body else "GET", path, body)
        sock = socket.create_connection(("127.0.0.1", server.port), 30)
        self.addCleanup(sock.close)
        sock.sendall(whole[:-1])
        return sock, whole[-1:]

    def test_a_server_that_drains_refuses_new_runs_with_503(self):
        server = self.serve(demo_config(server={"drain_timeout_ms": 20000}))
        client = server.client()
        stream = client.converse("hello")
        interaction = stream.headers["x-interaction-id"]
        running = client.run(interaction, "long", options={"words": 100000})
        running.until(lambda event: event.name == "delta")
        run = running.headers["x-run-id"]
        requests = {path: self.half_a_request(server, path, body) for path, body in (
            ("/readyz", b""), ("/api/stream/health", b""),
            (CONVERSATION, b'{"message": "too late"}'), (f"/api/runs/{run}/cancel", b"{}"))}
        # The gate has read the halves, which came before: else they would be idle, and closed.
        for _ in range(3):
            self.assertEqual(client.get("/livez").status, 200)
        server.process.terminate()
        eventually(lambda: "signal" in server.read_log(), "the server stops")
        eventually(lambda: not self.accepts(server), "the server takes no connections")

        for path, (sock, last) in requests.items():
            with self.subTest(path):
                sock.sendall(last)
                answer = Stream(sock)

                self.assertEqual(answer.status, 200 if path.endswith("cancel") else 503)
                if answer.status == 503:
                    self.assertGreaterEqual(int(answer.headers["retry-after"]), 1)
        self.assertEqual(running.rest()[-1].name, "run.cancelled")
        self.assertEqual(server.process.wait(30), 0)

    def accepts(self, server):
        try:
            socket.create_connection(("127.0.0.1", server.port), 5).close()
            return True
        except OSError:
            return False


if __name__ == "__main__":
    unittest.main()

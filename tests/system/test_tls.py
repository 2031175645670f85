"""The server through TLS, with the clients of others: curl, openssl s_client, and Python's ssl."""

import json
import socket
import ssl
import subprocess
import unittest

from fake_upstream import FakeUpstream, config, holds
from harness import WAIT, Client, Cut, Stream, demo_config, eventually, text_of, tokens_of
from tls_server import SlowHandshake, TlsClient, TlsServer

MIB = 1024 * 1024
TINY = 2048  # of a receive buffer


class TlsTest(unittest.TestCase):
    config = demo_config(server={"head_timeout_ms": 2000, "stall_timeout_ms": 600000,
                                 "drain_timeout_ms": 50})

    def setUp(self):
        self.server = TlsServer(self.config).start()
        self.addCleanup(self.server.close)
        self.client = self.server.client(self.server.key())

    def curl(self, path, *arguments, **options):
        command = ["curl", "-sS", "--cacert", str(self.server.certificate), "-H",
                   f"X-API-Key: {self.client.key}", "-H", "Content-Type: application/json",
                   *arguments, f"https://localhost:{self.server.port}{path}"]
        done = subprocess.run(command, capture_output=True, timeout=WAIT, **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.decode()

    def versions(self, lowest, highest):
        context = ssl.create_default_context(cafile=str(self.server.certificate))
        context.set_ciphers("DEFAULT@SECLEVEL=0")  # or the client would refuse by itself
        context.minimum_version, context.maximum_version = lowest, highest
        return context

    # ---- what is spoken ----

    def test_curl_reads_a_whole_answer_through_both_versions(self):
        body = json.dumps({"message": "hello"})
        for version in ("1.2", "1.3"):
            with self.subTest(version):
                text = self.curl("/api/stream/stream-conversation", "-N", "-d", body,
                                 f"--tlsv{version}", "--tls-max", version)

                events = [json.loads(line[6:]) for line in text.splitlines()
                          if line.startswith("data: ")]
                self.assertEqual(events[-1]["type"], "complete")
                tokens = [event["content"] for event in events if event["type"] == "token"]
                self.assertEqual("".join(tokens), events[-1]["content"])

    def test_s_client_asks_and_reads_the_answer_to_its_end(self):
        request = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        for version in ("-tls1_2", "-tls1_3"):
            with self.subTest(version):
                said = self.server.s_client("-quiet", "-verify_return_error", version, text=request)

                self.assertIn("HTTP/1.1 200 OK", said)
                self.assertIn("\r\n\r\nok\n", said)
                self.assertNotIn("unexpected eof", said)

    def test_versions_before_1_2_are_refused(self):
        for version in ("-tls1", "-tls1_1"):
            said = self.server.s_client(version, "-cipher", "DEFAULT@SECLEVEL=0")
            self.assertIn("alert protocol version", said)
        with self.assertRaises(ssl.SSLError):
            old = self.versions(ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)
            TlsClient(self.server.port, None, old).get("/livez")

    def test_there_is_no_renegotiation_no_compression_and_no_http_2(self):
        said = self.server.s_client("-tls1_2", "-alpn", "h2,http/1.1", text=b"R\n")

        self.assertIn("no renegotiation", said)
        self.assertIn("Compression: NONE", said)
        self.assertIn("ALPN protocol: http/1.1", said)
        self.assertIn("alert no application protocol", self.server.s_client("-alpn", "h2"))
        self.assertEqual(self.client.get("/livez").status, 200)

    def test_a_session_is_resumed_by_its_ticket(self):
        ticket = self.server.folder / "ticket"
        request = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        self.server.s_client("-sess_out", str(ticket), "-ign_eof", text=request)

        said = self.server.s_client("-sess_in", str(ticket), "-ign_eof", text=request)

        self.assertIn("Reused, TLSv1.3", said)
        self.assertIn("HTTP/1.1 200 OK", said)

    def test_plain_http_is_told_to_use_https(self):
        answer = Client(self.server.port, self.client.key).get("/livez")

        self.assertEqual(answer.status, 400)
        self.assertIn("https://", answer.json()["error"])

    def test_the_ready_line_says_https_and_the_control_socket_stays_plain(self):
        done = self.server.run("key", "list")

        self.assertIn("alice", done.stdout)
        self.assertEqual(self.server.run("reload").returncode, 0)

    # ---- requests ----

    def test_connections_are_kept_and_requests_may_be_pipelined(self):
        sock = self.client.connect()
        with sock:
            raw = b""
            for count in (1, 1, 60):
                sock.sendall(self.client.bytes("GET", "/api/interactions") * count)
                for _ in range(count):
                    stream = self.next_answer(sock, raw)
                    self.assertEqual(stream.status, 200)
                    self.assertEqual(json.loads(stream.body())["items"], [])
                    raw = stream.raw

    @staticmethod
    def next_answer(sock, raw):
        """The next one of a connection, of which `raw` has been read already."""
        class Rest:
            def recv(self, size):
                nonlocal raw
                if not raw:
                    return sock.recv(size)
                data, raw = raw, b""
                return data
        return Stream(Rest())

    def test_requests_that_came_during_a_stream_are_answered_after_it(self):
        stream = self.client.converse("hello")
        stream.sock.sendall(self.client.bytes("GET", "/livez") * 100)

        events = stream.rest()
        answers, raw = [], stream.raw
        for _ in range(100):
            answer = self.next_answer(stream.sock, raw)
            answers.append((answer.status, answer.body()))
            raw = answer.raw

        self.assertEqual(events[-1].data["type"], "complete")
        self.assertEqual(answers, [(200, answers[0][1])] * 100)

    def test_large_bodies_go_both_ways(self):
        text = "".join(f"{number} " for number in range(300000))
        self.assertGreater(len(text), 1.5 * MIB)
        interaction = self.client.interaction()

        events = self.client.run(interaction, text).rest()

        self.assertEqual(events[-1].name, "run.completed")
        kept = self.client.get(f"/api/interactions/{interaction}/messages")
        self.assertGreater(len(kept.body), len(text))
        self.assertEqual(kept.json()["items"][0]["content"][0]["text"], text)
        body = self.server.folder / "body.json"
        body.write_text(json.dumps({"message": text, "background": True}))
        answer = self.curl(f"/api/interactions/{interaction}/runs", "--data-binary", f"@{body}")
        self.client.wait_for_run(json.loads(answer)["run_id"])

    # ---- handshakes ----

    def test_half_handshakes_cost_no_thread_and_have_the_time_of_a_head(self):
        threads = self.threads()
        half = [SlowHandshake(self.server) for _ in range(300)]
        for client in half:
            client.sock.sendall(client.flight()[:150])
        eventually(lambda: self.server.metrics()["patchbay_connections_open"] >= 300, "all are open")

        for _ in range(20):
            self.assertEqual(self.client.get("/livez").status, 200)

        self.assertEqual(self.threads(), threads)
        for client in half:
            self.assertEqual(client.sock.recv(1), b"")
            client.sock.close()

    def threads(self):
        with open(f"/proc/{self.server.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("Threads:"))

    def test_a_handshake_may_come_byte_by_byte(self):
        slow = SlowHandshake(self.server)

        slow.finish(bytes_a_write=1)

        status, _ = slow.request(self.client.bytes("GET", "/livez"))
        self.assertEqual(status, 200)
        slow.sock.close()

    def test_what_is_no_tls_is_closed(self):
        for data in (b"\x16\x03\x01" + b"\xff" * 300, b"\x80" * 300, b"\0"):
            with socket.create_connection(("127.0.0.1", self.server.port), timeout=WAIT) as sock:
                sock.sendall(data + b"\0" * 6)
                try:
                    while sock.recv(4096):
                        pass
                except ConnectionResetError:
                    pass

    # ---- streams ----

    def test_a_client_that_stalls_in_mid_stream_gets_everything_later(self):
        interaction = self.client.interaction()
        stalled = self.client.stream(
            "POST", f"/api/interactions/{interaction}/runs",
            {"message": "hello", "options": {"words": 20000, "token_delay_ms": 0}},
            receive_buffer=TINY)
        events = stalled.until(lambda event: event.name == "run.started")
        wanted = self.client.events(interaction).rest()  # to the run's end

        events += stalled.rest()

        self.assertEqual([event.seq for event in events], [event.seq for event in wanted])
        self.assertEqual(text_of(events), text_of(wanted))

    def test_a_stream_that_a_kill_cut_is_taken_up_again(self):
        stream = self.client.converse("tell me a long story")
        events = stream.take(8)
        self.server.kill()
        try:
            while (event := stream.next()) is not None:
                events.append(event)
        except (Cut, OSError):
            pass
        self.server.start()
        self.client.port = self.server.port

        rest = self.client.stream("POST", "/api/stream/stream-conversation", None,
                                  {"Last-Event-ID": events[-1].id}).rest()

        self.assertEqual(rest[-1].data["type"], "complete")
        self.assertEqual(tokens_of(events + rest), rest[-1].data["content"])


class LeavingTest(unittest.TestCase):
    """The upstream says nothing: only the client's leaving can end its call."""

    def setUp(self):
        self.upstream = FakeUpstream(holds("one", "two"))
        self.addCleanup(self.upstream.close)
        self.server = TlsServer(config(self.upstream, server={"drain_timeout_ms": 50})).start()
        self.addCleanup(self.server.close)
        self.client = self.server.client(self.server.key())

    def begin(self):
        stream = self.client.converse("hello", headers={"X-Patchbay-On-Disconnect": "cancel"})
        stream.take(2)
        return stream

    def assert_upstream_is_left(self):
        self.assertTrue(self.upstream.connections[-1].left.wait(WAIT))
        eventually(lambda: self.server.metrics()["patchbay_viewers"] == 0, "the viewer is gone")

    def test_a_reset_is_leaving(self):
        self.begin().reset()

        self.assert_upstream_is_left()

    def test_an_end_without_a_farewell_is_leaving(self):
        self.begin().close()

        self.assert_upstream_is_left()

    def test_a_farewell_is_leaving_also_while_the_socket_stays_open(self):
        stream = self.begin()

        stream.sock.settimeout(0)
        try:
            stream.sock.unwrap()  # sends the farewell, and waits for nobody's
        except ssl.SSLWantReadError:
            pass

        self.assert_upstream_is_left()
        stream.close()


if __name__ == "__main__":
    unittest.main()

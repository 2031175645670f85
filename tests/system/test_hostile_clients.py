"""Clients that hold on to what they have: slow ones, silent ones, those that never read, and crowds
of them. Others are served meanwhile, and the server's memory stays where it was."""

import socket
import threading
import unittest

from crowd import Crowd, NormalRequests, allow_files, endings, leave, open_many
from harness import SLOW, ServerTest, Stream, demo_config, eventually
from raw_http import connect, read_answers, statuses
from test_backpressure import MIB, TINY, memory_of

HALF_A_HEAD = b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Half: "
NEVER = 600_000
DEMO = {"words": 5, "token_delay_ms": 0, "first_token_ms": 0}


class HostileClientTest(ServerTest):
    """`limits`: of the server, beside which a test's own attack is the only one to meet one."""

    limits = {}

    def setUp(self):
        self.config = demo_config(demo=DEMO, server={
            "head_timeout_ms": NEVER, "body_timeout_ms": NEVER, "stall_timeout_ms": NEVER,
            "drain_timeout_ms": 50, **self.limits})
        super().setUp()
        self.admin = self.server.client()

    def open_connections(self):
        return self.server.metrics()["patchbay_connections_open"]

    def assert_grows_less(self, before, limit):
        self.assertLess(memory_of(self.server) - before, limit * SLOW)

    def assert_all_are_gone(self):
        eventually(lambda: self.open_connections() <= 1, "the server has forgotten them")

    def drip(self, socks, byte, stop):
        """A byte to each of them every 50 ms, until `stop`."""
        while not stop.wait(0.05):
            for sock in socks:
                try:
                    sock.send(byte)
                except OSError:
                    pass  # ended already


class CrowdTest(HostileClientTest):
    def test_two_thousand_half_heads_keep_nobody_from_being_served(self):
        before = memory_of(self.server)
        with NormalRequests(self.server):
            socks = open_many(self.server.port, 2000, HALF_A_HEAD)
            eventually(lambda: self.open_connections() >= 2000, "all are there")
            self.assertEqual(self.client.get("/livez").status, 200)
        self.assert_grows_less(before, 64 * MIB)
        leave(socks)
        self.assert_all_are_gone()

    def test_connections_beyond_the_limit_get_503_or_are_closed_at_once(self):
        limit = min(10_000, (allow_files() - 512) // 2)
        count = limit * 3 // 4
        before = memory_of(self.server)
        with NormalRequests(self.server, new_connections=False):
            crowds = [Crowd(self.server.port, count, f"127.0.0.{n}") for n in (2, 3)]
            results = [crowd.result() for crowd in crowds]
            with connect(self.server.port) as late:
                self.assertEqual(statuses(read_answers(late)), [503])
        total = {what: sum(result[what] for result in results)
                 for what in ("kept", "refused", "closed")}
        self.assertEqual([result["other"] for result in results], [[], []])
        self.assertLess(total["kept"], limit)
        self.assertGreaterEqual(total["kept"], limit - 20)  # the normal ones have their places
        self.assertGreater(total["refused"], 0)
        self.assertEqual(sum(total.values()), 2 * count)
        self.assert_grows_less(before, 128 * MIB)
        for crowd in crowds:
            crowd.leave()
        self.assert_all_are_gone()
        self.assertEqual(self.client.converse("hello").rest()[-1].data["type"], "complete")

    def test_connections_that_are_reset_at_once_leave_nothing_behind(self):
        requests = (b"", HALF_A_HEAD, b"\x16\x03\x01", self.client.bytes("GET", "/livez"),
                    self.client.bytes("POST", "/api/stream/stream-conversation", {"message": "hi"}))
        before = memory_of(self.server)
        with NormalRequests(self.server):
            for turn in range(50):
                leave(open_many(self.server.port, 100, requests[turn % len(requests)]))
        self.assert_all_are_gone()
        self.assert_grows_less(before, 64 * MIB)


class SlowSenderTest(HostileClientTest):
    limits = {"head_timeout_ms": 1000 * SLOW, "body_timeout_ms": 1000 * SLOW}

    def assert_all_time_out(self, request, count=300):
        """However many bytes still come: the limit is for the whole."""
        stop = threading.Event()
        socks = open_many(self.server.port, count, request)
        dripping = threading.Thread(target=self.drip, args=(socks, b"x", stop))
        with NormalRequests(self.server):
            dripping.start()
            ended = endings(socks)
            stop.set()
            dripping.join()
        leave(socks)
        self.assertEqual(sum(ended.values()), count, ended)
        self.assertGreater(ended.get("408", 0), count // 2, ended)  # a reset may overtake some
        self.assertEqual(set(ended) - {"408", "closed"}, set())
        self.assert_all_are_gone()

    def test_a_head_that_comes_byte_by_byte_is_408_in_the_end(self):
        self.assert_all_time_out(HALF_A_HEAD)

    def test_a_body_that_comes_byte_by_byte_is_408_in_the_end(self):
        self.assert_all_time_out(self.client.bytes("POST", "/api/interactions", b"", {
            "Content-Length": "1000000", "Content-Type": "application/json"}))

    def test_a_chunked_body_without_an_end_is_408(self):
        self.assert_all_time_out(b"POST /api/interactions HTTP/1.1\r\nHost: x\r\n"
                                 b"Transfer-Encoding: chunked\r\n\r\n100000\r\n")

    def test_a_body_that_is_announced_and_never_comes_is_408(self):
        with connect(self.server.port) as sock:
            sock.sendall(b"POST /api/interactions HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n"
                         b"Expect: 100-continue\r\n\r\n")
            self.assertEqual(Stream(sock).status, 100)
            self.assertEqual(statuses(read_answers(sock)), [408])

    def test_a_request_that_comes_byte_by_byte_in_time_is_served(self):
        server = self.serve(demo_config(demo=DEMO))
        with connect(server.port) as sock:
            for byte in server.client().bytes("POST", "/api/interactions", {"title": "slowly"}):
                sock.sendall(bytes([byte]))
            self.assertEqual(Stream(sock).status, 201)

    def test_clients_that_leave_in_mid_request_are_forgotten(self):
        head = b"POST /api/interactions HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf"
        for reset in (True, False):
            leave(open_many(self.server.port, 200, head), reset)
        self.assert_all_are_gone()


class BodyTest(HostileClientTest):
    limits = {"total_body_bytes": 4 * MIB}

    def test_all_bodies_together_have_a_limit_beyond_which_they_are_503(self):
        before = memory_of(self.server)
        head = (b"POST /api/interactions HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
        socks = open_many(self.server.port, 40, head + b"x" * 500_000)
        refused = eventually(lambda: 40 - self.open_connections() + 1 >= 20 and
                             endings(socks, 0.2), "most are refused")
        self.assertEqual(set(refused), {"503"})
        self.assert_grows_less(before, 64 * MIB)
        self.assertEqual(self.client.get("/livez").status, 200)
        leave(socks)
        self.assert_all_are_gone()
        self.assertEqual(self.client.post("/api/interactions", {"title": "x" * 200}).status, 201)

    def test_a_body_that_is_hard_to_parse_is_answered_and_costs_little(self):
        bodies = (b"[" * 1_000_000, b'{"a":' * 500_000, b"1" * 1_000_000, b'"' + b"\\" * 1_000_000,
                  b'{"title": ' + b"1" * 999_999 + b"}", b'{"title": 1e999999999}',
                  b"{" + b",".join(b'"k%d":1' % n for n in range(100_000)) + b"}",
                  b'{"title": "x"' + b', "title": "y"' * 50_000 + b"}")
        with NormalRequests(self.server):
            for body in bodies:
                answer = self.client.request("POST", "/api/interactions", body)
                self.assertIn(answer.status, (201, 400), body[:20])
                self.assertEqual(answer.status == 201, body.startswith(b'{"title": "x"'), body[:20])


class OneByteAtATime:
    """A socket's reading side."""

    def __init__(self, sock):
        self.recv, self.close = (lambda _: sock.recv(1)), sock.close


class NeverReadingTest(HostileClientTest):
    limits = {"stall_timeout_ms": 1500 * SLOW}

    def flood(self, request):
        """Requests, one behind the other, from one who does not read, until no more are taken."""
        sock = socket.socket()
        self.addCleanup(sock.close)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, TINY)
        sock.connect(("127.0.0.1", self.server.port))
        sock.settimeout(0.3)
        try:
            sock.sendall(request)
        except OSError:
            pass  # the server waits for us

    def test_ten_thousand_requests_by_one_who_reads_none_of_the_answers(self):
        before = memory_of(self.server)
        asked = self.server.metrics()["patchbay_requests_total"]
        for _ in range(5):
            self.flood(self.client.bytes("GET", "/api/openapi.json") * 10_000)
        self.assert_grows_less(before, 64 * MIB)
        with NormalRequests(self.server):
            pass
        self.assert_all_are_gone()
        self.assertLess(self.server.metrics()["patchbay_requests_total"] - asked, 25_000)

    def test_ten_thousand_requests_at_once_are_answered_to_one_who_reads(self):
        with connect(self.server.port) as sock:
            request = self.client.bytes("GET", "/livez")
            last = self.client.bytes("GET", "/livez", None, {"Connection": "close"})
            sender = threading.Thread(target=sock.sendall, args=(request * 9_999 + last,))
            sender.start()
            answers = read_answers(sock)
            sender.join()
        self.assertEqual(statuses(answers), [200] * 10_000)

    def test_streams_that_nobody_reads_are_cut_and_the_answers_are_kept(self):
        before = memory_of(self.server)
        body = {"message": "hi", "options": {"words": 20_000}}
        interactions = [self.client.interaction() for _ in range(50)]
        with NormalRequests(self.server):
            for interaction in interactions:
                sock = self.client.send("POST", f"/api/interactions/{interaction}/runs", body,
                                        receive_buffer=TINY)
                self.addCleanup(sock.close)
                self.assertTrue(sock.recv(1))  # it has begun
            eventually(lambda: self.open_connections() < 10, "all are cut")
        self.assert_grows_less(before, 192 * MIB)
        for interaction in interactions:
            eventually(lambda: self.client.messages(interaction)[-1]["status"] == "complete",
                       "its answer is whole")

    def test_a_reader_of_single_bytes_gets_everything(self):
        title = "x" * 200
        interaction = self.client.interaction(title=title)
        sock = self.client.send("GET", f"/api/interactions/{interaction}", receive_buffer=TINY)
        answer = Stream(OneByteAtATime(sock))
        self.assertIn(title.encode(), answer.body())
        sock.close()

        stream = self.client.run(interaction, "hello", options={"words": 200})
        stream.sock = OneByteAtATime(stream.sock)
        self.assertEqual(stream.rest()[-1].name, "run.completed")
        stream.close()


if __name__ == "__main__":
    unittest.main()

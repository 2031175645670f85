"""Upstreams that cannot be asked: nobody there, no such name, no TLS that one may believe. What must
hold each time is in failing_upstream.py; beside it, no request and no key is ever sent."""

import socket
import ssl
import struct
import unittest

from certificates import Authority
from failing_upstream import LONG_MS, SECRET, SHORT_MS, FailingUpstreamTest
from fake_upstream import FakeUpstream, config, says
from harness import SLOW, Server, text_of


class NobodyThereTest(FailingUpstreamTest):
    def test_a_refused_connection_is_the_upstreams_error_until_somebody_listens(self):
        self.upstream.close()

        def listen_again(gone):
            self.upstream = FakeUpstream(says("fine"), port=gone.port)
            self.addCleanup(self.upstream.close)

        failed = self.assert_fails("upstream", True, recovers=listen_again)

        self.assertEqual(failed["message"], "The model's provider failed.")

    def test_a_name_that_does_not_exist_is_the_upstreams_error(self):
        # Asked once and briefly, should there be a name server that does not answer.
        server = Server(config(self.upstream, {"base_url": "http://no-such-host.invalid/v1"})).start(
            env={"RES_OPTIONS": "timeout:1 attempts:1"})
        self.addCleanup(server.close)

        self.assert_fails("upstream", client=server.client(), recovers=None)

    def test_an_address_where_no_packet_is_answered_times_out(self):
        # A backlog that is full drops what comes: as a firewall does.
        full = socket.socket()
        self.addCleanup(full.close)
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):
            waiting = socket.socket()
            self.addCleanup(waiting.close)
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        client = self.client_of({"base_url": f"http://127.0.0.1:{full.getsockname()[1]}/v1",
                                 "connect_timeout_ms": SHORT_MS})

        self.assert_fails("timeout", True, client=client, recovers=None)


class TlsTest(FailingUpstreamTest):
    @classmethod
    def setUpClass(cls):
        cls.authority = Authority()
        cls.addClassCleanup(cls.authority.close)
        cls.good = cls.authority.server("good")

    def setUp(self):
        super().setUp()
        self.upstream = FakeUpstream(tls=self.good)
        self.addCleanup(self.upstream.close)

    def client_of(self, plugin=None, authorities=None):
        """A client of a server that trusts this authority, beside its system's or instead."""
        made = config(self.upstream, {"api_key": SECRET, **(plugin or {})})
        environment = {"SSL_CERT_FILE": str(authorities or self.authority.ca)}
        server = Server(made).start(env=environment)
        self.addCleanup(server.close)
        return server.client()

    def assert_never_asked(self, code, recoverable, client, recovers):
        def mend(upstream):
            self.assertEqual(upstream.connections, [])
            recovers(upstream)

        self.assert_fails(code, recoverable, client=client, recovers=mend)

    def test_an_authority_of_our_own_is_trusted_where_the_environment_names_it(self):
        client = self.client_of()
        for _ in range(2):
            events = client.run(client.interaction(), "hello").rest()

            self.assertEqual(events[-1].name, "run.completed", events[-1])
            self.assertEqual(text_of(events), "Hello from upstream ")

    def test_a_folder_of_authorities_will_do_as_well(self):
        folder = self.authority.hashed_folder()
        server = Server(config(self.upstream)).start(env={"SSL_CERT_DIR": str(folder)})
        self.addCleanup(server.close)
        client = server.client()

        self.assertEqual(client.run(client.interaction(), "hello").rest()[-1].name, "run.completed")

    def test_a_server_that_cannot_be_believed_is_not_asked(self):
        def mend(upstream):
            upstream.tls = self.good

        stranger = Authority()
        self.addCleanup(stranger.close)
        old = self.authority.server("old-protocol")
        old.set_ciphers("ALL:@SECLEVEL=0")
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        client = self.client_of()
        for name, context in (
                ("signed by itself", self.authority.server("itself", self_signed=True)),
                ("signed by a stranger", stranger.server("stranger")),
                ("for another name", self.authority.server("other", host="DNS:elsewhere.example")),
                ("for another address", self.authority.server("far", host="IP:127.0.0.2")),
                ("expired", self.authority.server("expired", days=-1)),
                ("older than TLS 1.2", old)):
            with self.subTest(name):
                self.upstream.tls, self.upstream.connections = context, []

                self.assert_never_asked("upstream", False, client, mend)

    def test_without_our_authority_a_good_server_is_not_believed(self):
        server = Server(config(self.upstream, {"api_key": SECRET})).start(env={"SSL_CERT_FILE": ""})
        self.addCleanup(server.close)

        self.assert_fails("upstream", False, client=server.client(), recovers=None)
        self.assertEqual(self.upstream.connections, [])

    def test_a_list_of_authorities_that_is_not_there_lets_nobody_be_believed(self):
        client = self.client_of(authorities=self.authority.folder / "none.pem")

        self.assert_fails("upstream", False, client=client, recovers=None)
        self.assertEqual(self.upstream.connections, [])

    def test_what_is_no_tls_is_not_asked(self):
        def plain_text(sock):
            sock.recv(65536)
            sock.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            sock.recv(65536)

        def reset(sock):
            sock.recv(65536)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        def mend(upstream):
            upstream.tls, upstream.talk = self.good, None

        client = self.client_of()
        for name, talk in (("plain text", plain_text), ("closed", lambda sock: sock.recv(65536)),
                           ("reset", reset), ("closed at once", lambda sock: None)):
            with self.subTest(name):
                self.upstream.tls, self.upstream.talk, self.upstream.connections = None, talk, []

                self.assert_never_asked("upstream", None, client, mend)

    def test_a_handshake_that_never_comes_times_out(self):
        def silence(sock):
            while sock.recv(65536):
                pass

        def mend(upstream):
            upstream.tls, upstream.talk = self.good, None

        self.upstream.tls, self.upstream.talk = None, silence
        client = self.client_of({"connect_timeout_ms": 1000 * SLOW, "first_byte_timeout_ms": LONG_MS})

        self.assert_never_asked("timeout", True, client, mend)


if __name__ == "__main__":
    unittest.main()

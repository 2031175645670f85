"""A server with a certificate of its own, clients that check it, and a handshake byte by byte."""

import socket
import ssl
import subprocess

from harness import WAIT, Client, Server, Stream, demo_config


def openssl(*arguments, **options):
    return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True,
                          timeout=WAIT, **options)


def make_certificate(folder, serial=1, name="server", expired=False):
    """A self-signed certificate for localhost; writes NAME.pem and NAME.key, returns their paths."""
    key, certificate, request = (folder / f"{name}.{end}" for end in ("key", "pem", "csr"))
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", key, "-out", request, "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    openssl("x509", "-req", "-in", request, "-signkey", key, "-copy_extensions", "copyall",
            "-set_serial", serial, "-days", -1 if expired else 30, "-out", certificate)
    key.chmod(0o600)
    return certificate, key


def trusting(certificate):
    """What a client needs that trusts this certificate alone, and checks the server's name."""
    context = ssl.create_default_context(cafile=str(certificate))
    context.set_alpn_protocols(["http/1.1"])
    return context


class TlsClient(Client):
    """Client, through TLS. An end without a farewell is Cut, as a lost connection is."""

    def __init__(self, port, key, context, **options):
        super().__init__(port, key, **options)
        self.context = context

    def connect(self, receive_buffer=None):
        sock = socket.socket()
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.settimeout(self.timeout)
        sock.connect(("127.0.0.1", self.port))
        return self.context.wrap_socket(sock, server_hostname="localhost")

    def send(self, method, path, body=None, headers=None, receive_buffer=None):
        sock = self.connect(receive_buffer)
        sock.sendall(self.bytes(method, path, body, headers))
        return sock


class TlsServer(Server):
    """Its certificate is server.pem in its folder, unless the config names another."""

    def __init__(self, config=None):
        super().__init__(config)
        self.certificate, self.key_file = make_certificate(self.folder)
        self.context = trusting(self.certificate)
        self.write_config(self.with_tls(config or demo_config()))

    def with_tls(self, config, certificate=None, key=None):
        tls = {"certificate": str(certificate or self.certificate),
               "key": str(key or self.key_file)}
        return {**config, "server": {**config.get("server", {}), "tls": tls}}

    def client(self, key=None):
        return TlsClient(self.port, key or self.admin_key(), self.context)

    def s_client(self, *arguments, text=b""):
        """openssl s_client; what it says, errors too. It ends when the server does, or its input."""
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.port}",
                               "-CAfile", str(self.certificate), *arguments],
                              input=text, capture_output=True, timeout=WAIT)
        return (done.stdout + done.stderr).decode(errors="replace")

    def shown_serial(self):
        """Of the certificate that a new handshake shows."""
        shown = self.s_client()
        serial = openssl("x509", "-noout", "-serial", input=shown.encode()).stdout.decode()
        return int(serial.strip().split("=")[1], 16)


class SlowHandshake:
    """A client whose bytes lie in memory until a test sends them."""

    def __init__(self, server):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = server.context.wrap_bio(self.incoming, self.outgoing,
                                           server_hostname="localhost")
        self.sock = socket.create_connection(("127.0.0.1", server.port), timeout=WAIT)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def flight(self):
        """What the client would send now."""
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        return self.outgoing.read()

    def finish(self, bytes_a_write):
        while True:
            flight = self.flight()
            for at in range(0, len(flight), bytes_a_write):
                self.sock.sendall(flight[at:at + bytes_a_write])
            if self.tls.version() and not flight:
                return
            if not self.tls.version():
                self.incoming.write(self.sock.recv(65536))

    def request(self, data):
        """The response's head and body, of one that has a length."""
        self.tls.write(data)
        self.sock.sendall(self.outgoing.read())
        stream = Stream(self)
        return stream.status, stream.body()

    def recv(self, size):
        while True:
            try:
                return self.tls.read(size)
            except ssl.SSLWantReadError:
                self.incoming.write(self.sock.recv(65536))

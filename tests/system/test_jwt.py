"""auth/jwt through the real server: a shared secret, an issuer with a key set, and who guesses."""

import base64
import hashlib
import hmac
import http.server
import json
import os
import subprocess
import tempfile
import threading
import time
import unittest

from certificates import Authority
from harness import Client, ServerTest, demo_config

SECRET = "0123456789abcdef0123456789abcdef"


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def part(value):
    return base64url(json.dumps(value).encode())


def hs256(secret=SECRET, **claims):
    text = part({"alg": "HS256"}) + "." + part({"sub": "alice", "exp": time.time() + 600, **claims})
    return text + "." + base64url(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())


def config_with(config, **more):
    made = demo_config(**more)
    made["plugins"]["jwt"] = {"library": "patchbay_auth_jwt", "config": config}
    made["auth"] = ["keys", "jwt"]
    return made


class Issuer:
    """An RSA key of OpenSSL's command, and a server that publishes its set."""

    def __init__(self, test, tls=None):
        self.requests = 0
        self.keys = {}
        self.folder = tempfile.TemporaryDirectory()
        test.addCleanup(self.folder.cleanup)
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.requests += 1
                body = json.dumps({"keys": list(issuer.keys.values())}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/jwks.json"
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
            self.url = self.url.replace("http:", "https:")
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        test.addCleanup(self.server.server_close)
        test.addCleanup(self.server.shutdown)

    def file(self, kid):
        return f"{self.folder.name}/{kid}.pem"

    def add_key(self, kid):
        subprocess.run(["openssl", "genrsa", "-out", self.file(kid), "2048"], check=True,
                       capture_output=True)
        modulus = subprocess.run(["openssl", "rsa", "-in", self.file(kid), "-noout", "-modulus"],
                                 check=True, capture_output=True, text=True).stdout
        n = base64url(bytes.fromhex(modulus.strip().removeprefix("Modulus=")))
        self.keys[kid] = {"kty": "RSA", "kid": kid, "use": "sig", "n": n, "e": "AQAB"}

    def token(self, kid, **claims):
        text = (part({"alg": "RS256", "kid": kid}) + "."
                + part({"sub": "bob", "exp": time.time() + 600, **claims}))
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.file(kid)],
                                   input=text.encode(), check=True, capture_output=True).stdout
        return text + "." + base64url(signature)


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


class SecretTest(ServerTest):
    config = config_with({"algorithms": ["HS256"], "secret": SECRET, "realm": "shop"})

    def setUp(self):
        super().setUp()
        self.anonymous = Client(self.server.port, None)

    def test_a_conversation_belongs_to_the_tokens_subject(self):
        made = self.anonymous.post("/api/interactions", {}, bearer(hs256()))
        path = f"/api/interactions/{made.json()['id']}"

        again = self.anonymous.get(path, bearer(hs256(email="alice@example.com")))
        other = self.anonymous.get(path, bearer(hs256(sub="mallory")))

        self.assertEqual((made.status, again.status, other.status), (201, 200, 404))

    def test_roles_come_from_the_token(self):
        self.assertEqual(self.anonymous.get("/api/admin/keys", bearer(hs256())).status, 403)
        self.assertEqual(self.anonymous.get("/api/admin/keys", bearer(hs256(role="admin"))).status,
                         200)

    def test_bad_tokens_are_401_in_the_same_words(self):
        tokens = [hs256(exp=1), hs256(secret="x" * 32), hs256()[:-2], "a.b.c",
                  part({"alg": "none"}) + "." + part({"sub": "a", "exp": 9e9}) + "."]
        answers = [self.anonymous.get("/api/interactions", bearer(token)) for token in tokens]

        for answer in answers:
            self.assertEqual(answer.status, 401, answer.body)
            self.assertIn('error="invalid_token"', answer.headers["www-authenticate"])
        self.assertEqual(len({answer.json()["error"] for answer in answers}), 1)

    def test_keys_serve_beside_tokens(self):
        self.assertEqual(self.client.get("/api/interactions").status, 200)


class IssuerTest(ServerTest):
    tls = None

    def setUp(self):
        self.issuer = Issuer(self, self.tls)
        self.config = config_with({"algorithms": ["RS256"], "jwks_url": self.issuer.url,
                                   "jwks_retry_ms": 3_600_000})
        super().setUp()
        self.anonymous = Client(self.server.port, None)

    def status(self, token):
        return self.anonymous.get("/api/interactions", bearer(token)).status

    def test_keys_are_fetched_and_rotated(self):
        self.issuer.add_key("k1")
        first = self.issuer.token("k1")
        self.assertEqual([self.status(first) for _ in range(3)], [200, 200, 200])
        self.assertEqual(self.issuer.requests, 1)

        self.issuer.add_key("k2")
        self.assertEqual(self.status(self.issuer.token("k2")), 200)
        self.assertEqual(self.issuer.requests, 2)

        self.issuer.add_key("k3")
        del self.issuer.keys["k3"]
        self.assertEqual([self.status(self.issuer.token("k3")) for _ in range(3)], [401] * 3)
        self.assertEqual(self.issuer.requests, 2, "unknown keys do not make it ask again and again")

    def test_many_at_once_ask_the_issuer_once(self):
        self.issuer.add_key("k1")
        token = self.issuer.token("k1")
        statuses = []
        threads = [threading.Thread(target=lambda: statuses.append(self.status(token)))
                   for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        self.assertEqual(statuses, [200] * 20)
        self.assertEqual(self.issuer.requests, 1)

    def test_an_issuer_that_is_down_is_503(self):
        self.issuer.add_key("k1")
        token = self.issuer.token("k1")
        self.issuer.server.shutdown()
        self.issuer.server.server_close()

        answer = self.anonymous.get("/api/interactions", bearer(token))

        self.assertEqual((answer.status, answer.json()["code"]), (503, "unavailable"))
        self.assertIn("retry-after", answer.headers)


class GuessingTest(ServerTest):
    config = config_with({"algorithms": ["HS256"], "secret": SECRET},
                         server={"bad_credentials_per_minute": 10,
                                 "trusted_proxies": ["127.0.0.1"]})

    def test_who_guesses_has_to_wait_and_others_do_not(self):
        anonymous = Client(self.server.port, None)

        def ask(token, address):
            return anonymous.get("/api/interactions",
                                 {**bearer(token), "X-Forwarded-For": address})

        guesses = [ask(hs256(secret="y" * 32), "192.0.2.1") for _ in range(12)]
        lucky = ask(hs256(), "192.0.2.1")

        self.assertEqual([answer.status for answer in guesses], [401] * 10 + [429] * 2)
        self.assertEqual(lucky.status, 429, "also the right one is not looked at now")
        self.assertLessEqual(int(lucky.headers["retry-after"]), 60)
        self.assertEqual(ask(hs256(), "192.0.2.2").status, 200)


class IssuerOverTlsTest(IssuerTest):
    """As issuers are asked, and with as many keys as they have."""

    @classmethod
    def setUpClass(cls):
        authority = Authority()
        cls.addClassCleanup(authority.close)
        os.environ["SSL_CERT_FILE"] = str(authority.ca)
        cls.addClassCleanup(os.environ.pop, "SSL_CERT_FILE")
        cls.tls = authority.server("issuer")

    def test_a_large_set_is_read_whole(self):
        for index in range(9):
            self.issuer.add_key(f"k{index}")

        self.assertEqual([self.status(self.issuer.token(f"k{index}")) for index in (0, 8)], [200] * 2)


if __name__ == "__main__":
    unittest.main()

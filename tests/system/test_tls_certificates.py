"""Certificates: those that cannot be used are named, others are taken over beside open streams."""

import os
import shutil
import signal
import subprocess
import unittest

from harness import BINARY, WAIT, Client, Server, demo_config, eventually, text_of
from tls_server import TlsServer, make_certificate, openssl, trusting

LONG = {"words": 400, "token_delay_ms": 5, "first_token_ms": 1}


class TlsReloadTest(unittest.TestCase):
    def setUp(self):
        self.server = TlsServer(demo_config(demo=LONG)).start()
        self.addCleanup(self.server.close)
        self.client = self.server.client()

    def new_pair(self, serial):
        """Another certificate in the same files; clients that connect from now on trust it."""
        make_certificate(self.server.folder, serial)
        self.server.context = trusting(self.server.certificate)

    def begin(self):
        stream = self.client.run(self.client.interaction(), "hello")
        return stream, stream.take(5)

    def assert_whole(self, stream, events):
        events += stream.rest()
        self.assertEqual(events[-1].name, "run.completed")
        self.assertEqual(len(text_of(events).split()), LONG["words"])

    def test_new_handshakes_show_the_new_certificate_and_open_streams_go_on(self):
        stream, events = self.begin()
        self.assertEqual(self.server.shown_serial(), 1)

        self.new_pair(serial=77)
        reply = self.client.post("/api/admin/reload")  # trusts the old one, which is still shown

        self.assertEqual(reply.status, 200, reply.body)
        self.assertEqual(reply.json()["needs_restart"], [])
        self.assertEqual(self.server.shown_serial(), 77)
        self.assert_whole(stream, events)
        self.assertEqual(self.server.client().get("/livez").status, 200)

    def test_sighup_reads_the_files_again_and_a_config_may_name_others(self):
        self.new_pair(serial=5)
        os.kill(self.server.process.pid, signal.SIGHUP)
        eventually(lambda: self.server.shown_serial() == 5, "the signal's certificate is shown")

        certificate, key = make_certificate(self.server.folder, 6, name="other")
        self.server.write_config(self.server.with_tls(demo_config(), certificate, key))
        self.assertEqual(self.server.run("reload").returncode, 0)

        self.assertEqual(self.server.shown_serial(), 6)

    def test_a_pair_that_does_not_fit_is_refused_whole_and_the_old_one_stays(self):
        stream, events = self.begin()
        _, key = make_certificate(self.server.folder, 2, name="other")
        config = self.server.with_tls(demo_config(demo={"words": 3}), key=key)
        self.server.write_config(config)

        reply = self.client.post("/api/admin/reload")

        self.assertEqual(reply.status, 422)
        self.assertEqual([(problem["pointer"], problem["found"])
                          for problem in reply.json()["problems"]],
                         [("/server/tls/key", "a key that does not belong to the certificate")])
        self.assertEqual(self.server.shown_serial(), 1)
        self.assert_whole(stream, events)
        again, events = self.begin()
        self.assert_whole(again, events)  # nothing else of the config was taken over either

    def test_files_that_are_gone_are_refused_and_the_old_certificate_stays(self):
        self.server.certificate.rename(self.server.folder / "gone")

        reply = self.client.post("/api/admin/reload")

        self.assertEqual(reply.status, 422)
        self.assertIn("/server/tls/certificate: found no readable file", reply.json()["error"])
        self.assertEqual(self.client.get("/livez").status, 200)

    def test_turning_tls_off_waits_for_a_restart(self):
        self.server.write_config(demo_config())

        reply = self.client.post("/api/admin/reload")

        self.assertEqual(reply.json()["needs_restart"], ["/server/tls"])
        self.assertEqual(self.server.shown_serial(), 1)


class TlsTurnedOnTest(unittest.TestCase):
    def test_turning_tls_on_waits_for_a_restart_and_its_files_are_checked_now(self):
        server = Server().start()
        self.addCleanup(server.close)
        certificate, key = make_certificate(server.folder)
        config = demo_config(server={"tls": {"certificate": str(certificate), "key": str(key)}})
        server.write_config(config)

        taken = server.client().post("/api/admin/reload")
        key.write_text("no key")
        refused = server.client().post("/api/admin/reload")

        self.assertEqual(taken.json()["needs_restart"], ["/server/tls"])
        self.assertEqual(refused.status, 422)
        self.assertEqual(Client(server.port, server.admin_key()).get("/livez").status, 200)


class TlsStartTest(unittest.TestCase):
    def setUp(self):
        self.server = TlsServer()
        self.addCleanup(self.server.close)

    def outcomes(self):
        """What `serve` and `config check` say; both must refuse."""
        common = ["--config", self.server.config, "--data-dir", self.server.data]
        said = []
        for command in (["serve", "--listen", "127.0.0.1:0"], ["config", "check"]):
            done = subprocess.run([BINARY, *command, *common], cwd=self.server.folder,
                                  capture_output=True, text=True, timeout=WAIT)
            self.assertNotEqual(done.returncode, 0, command)
            said.append([line for line in done.stderr.splitlines() if line.startswith("/")])
        self.assertEqual(said[0], said[1])
        return said[0]

    def test_each_broken_file_is_one_sentence_with_its_pointer(self):
        certificate, key = self.server.certificate, self.server.key_file
        sound = {path: path.read_bytes() for path in (certificate, key)}
        other = make_certificate(self.server.folder, 2, name="other")[1].read_bytes()
        encrypted = openssl("ec", "-in", key, "-aes128", "-passout", "pass:s3cret").stdout
        cases = {
            "no readable file": (certificate, None),
            "no certificate in PEM form": (certificate, b"hello"),
            "a certificate that is damaged": (certificate, sound[certificate][:300]
                                              + b"\n-----END CERTIFICATE-----\n"),
            "no private key in PEM form": (key, sound[certificate]),
            "a key that is encrypted": (key, encrypted),
            "a key that does not belong to the certificate": (key, other),
        }
        for found, (path, content) in cases.items():
            with self.subTest(found):
                path.unlink() if content is None else path.write_bytes(content)

                said = self.outcomes()

                member = "certificate" if path == certificate else "key"
                self.assertEqual(len(said), 1, said)
                self.assertTrue(said[0].startswith(f"/server/tls/{member}: found {found}"), said)
                for restored, text in sound.items():
                    restored.write_bytes(text)

    def test_a_key_that_is_given_in_place_of_its_path_is_not_printed(self):
        text = self.server.key_file.read_text()
        config = demo_config()
        config["server"] = {"tls": {"certificate": "server.pem",
                                    "key": f"${{file:{self.server.key_file}}}"}}
        self.server.write_config(config)

        said = self.outcomes()

        self.assertTrue(said[0].startswith("/server/tls/key: found no readable file"), said)
        self.assertNotIn(text.splitlines()[1], "".join(said) + self.server.read_log())

    def test_paths_are_relative_to_the_folder_that_the_server_was_started_in(self):
        config = demo_config(server={"tls": {"certificate": "server.pem", "key": "server.key"}})
        self.server.write_config(config)

        self.server.start()

        self.assertEqual(self.server.client().get("/livez").status, 200)

    def test_a_certificate_that_has_ended_is_shown_with_a_warning(self):
        expired, key = make_certificate(self.server.folder, 9, name="expired", expired=True)
        shutil.copy(expired, self.server.certificate)
        shutil.copy(key, self.server.key_file)

        self.server.start()
        check = self.server.run("config", "check", "--config", str(self.server.config))

        self.assertEqual(self.server.shown_serial(), 9)
        self.assertRegex(self.server.read_log(), r"warning The certificate of server\.tls ended on")
        self.assertIn("ended on", check.stderr)
        self.assertIn("is in order", check.stdout)


if __name__ == "__main__":
    unittest.main()

"""The tool http_get in the real server: a model that wants pages, and what it may not reach."""

import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest

from test_agents import ToolServer, named
from tool_model import wants


# A network of the test's own, in which 11.0.0.1 is the internet and /etc/hosts the name server.
NETWORK = """ip link set lo up && ip addr add 11.0.0.1/32 dev lo && mount --bind "$1" /etc/hosts &&
shift && exec "$@" """
UNSHARE = ["unshare", "--user", "--map-root-user", "--net", "--mount", "sh", "-c", NETWORK, "sh"]
NAMES = """127.0.0.1 localhost inside.example.com mixed.example.com
11.0.0.1 outside.example.com mixed.example.com
"""


class Pages(http.server.ThreadingHTTPServer):
    """Pages on loopback; `asked` holds the paths that were asked for."""

    daemon_threads = True

    def __init__(self, address):
        super().__init__((address, 0), Page)
        self.asked = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, host, path="/page"):
        return f"http://{host}:{self.server_port}{path}"

    def handle_error(self, *arguments):
        pass  # the other side had enough

    def close(self):
        self.shutdown()
        self.server_close()


class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append(self.path)
        status, headers, body = 200, {"Content-Type": "text/plain; charset=iso-8859-1"}, b"caf\xe9"
        if self.path.startswith("/to/"):
            host, path = self.path[4:].split("/", 1)
            status, headers["Location"] = 302, self.server.url(host, "/" + path)
        elif self.path == "/image":
            headers["Content-Type"] = "image/png"
        elif self.path == "/large":
            body = b"line\n" * 100_000
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


class PageTest(unittest.TestCase):
    address = "127.0.0.1"

    def setUp(self):
        self.pages = Pages(self.address)
        self.addCleanup(self.pages.close)

    def serve(self, **config):
        tool = {"hosts": ["*"], "schemes": ["http", "https"], **config}
        self.made = ToolServer(self, agents={
            "web": {"library": "patchbay_tool_http_get", "config": tool}})

    def get(self, *urls):
        """The data of tool.result for each URL, of one round of a model's calls."""
        client = self.made.client
        calls = [("http_get", {"url": url}) for url in urls]
        events = client.run(client.interaction(), wants(calls), agent="assistant").rest()
        self.assertEqual(events[-1].name, "run.completed", events[-1])
        results = {event.data["id"]: event.data for event in named(events, "tool.result")}
        return [results[f"call_0_{i}"] for i in range(len(urls))]

    def output(self, result):
        self.assertNotIn("error", result)
        output = result["output"]
        return json.loads(output) if isinstance(output, str) else output


class HttpGetTest(PageTest):
    def test_this_machine_is_out_of_reach_by_default_in_every_spelling(self):
        self.serve()
        hosts = ("127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "0.0.0.0",
                 "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "169.254.169.254", "10.0.0.1")

        for host, result in zip(hosts, self.get(*(self.pages.url(host) for host in hosts))):
            self.assertIn("is not on the public internet", result["error"], host)

        self.assertEqual(self.pages.asked, [])

    def test_a_lab_may_allow_it_and_the_model_reads_the_page(self):
        self.serve(allow_private=True)

        [page] = self.get(self.pages.url("127.0.0.1"))

        self.assertEqual(self.output(page), {
            "status": 200, "url": self.pages.url("127.0.0.1"), "text": "café",
            "content_type": "text/plain; charset=iso-8859-1", "truncated": False})
        told = self.made.upstream.requests[-1]["messages"][-1]
        self.assertEqual(told["role"], "tool")
        self.assertIn("café", json.dumps(told, ensure_ascii=False))

    def test_a_redirect_leads_to_no_host_that_is_not_listed(self):
        self.serve(hosts=["localhost"], allow_private=True)
        inside, outside = (self.pages.url("localhost", f"/to/{host}/page")
                           for host in ("localhost", "127.0.0.1"))

        followed, refused = self.get(inside, outside)

        self.assertEqual(self.output(followed)["text"], "café")
        self.assertEqual(self.output(followed)["url"], self.pages.url("localhost", "/page"))
        self.assertEqual(refused["error"],
                         "127.0.0.1 is not among the hosts that may be fetched here")
        self.assertEqual(self.pages.asked.count("/page"), 1)

    def test_large_pages_are_cut_and_images_refused(self):
        self.serve(hosts=["localhost"], allow_private=True)

        large, image = self.get(*(self.pages.url("localhost", path) for path in ("/large", "/image")))

        self.assertTrue(self.output(large)["truncated"])
        self.assertLessEqual(len(self.output(large)["text"]), 48 * 1024)
        self.assertGreater(len(self.output(large)["text"]), 40 * 1024)
        self.assertIn("no text but image/png", image["error"])

    def test_a_connection_that_one_tool_has_left_serves_no_tool_with_the_rule(self):
        self.serve(hosts=["localhost"], allow_private=True)
        made = {"library": "patchbay_tool_http_get"}
        made["config"] = {"hosts": ["localhost"], "schemes": ["http"]}
        self.assertEqual(self.output(self.get(self.pages.url("localhost"))[0])["status"], 200)
        config = json.loads(self.made.server.config.read_text())
        config["plugins"]["web"] = made
        self.made.server.write_config(config)
        self.assertEqual(self.made.client.post("/api/admin/reload").status, 200)

        [refused] = self.get(self.pages.url("localhost"))

        self.assertIn("is not on the public internet", refused["error"])
        self.assertEqual(self.pages.asked, ["/page"])

    def test_what_names_and_redirects_lead_to_is_checked_in_a_network_of_its_own(self):
        with tempfile.TemporaryDirectory() as folder:
            names = pathlib.Path(folder) / "hosts"
            names.write_text(NAMES)
            if subprocess.run([*UNSHARE, names, "true"], capture_output=True).returncode != 0:
                self.skipTest("no namespaces, or no ip, for this user")
            done = subprocess.run([*UNSHARE, names, sys.executable, "-B", "-m", "unittest",
                                   "test_http_get.NetworkOfItsOwn"],
                                  env={**os.environ, "PATCHBAY_TEST_NETWORK": "1"},
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)


@unittest.skipUnless("PATCHBAY_TEST_NETWORK" in os.environ, "run by HttpGetTest, in its network")
class NetworkOfItsOwn(PageTest):
    address = "0.0.0.0"

    def setUp(self):
        super().setUp()
        self.serve()

    def test_a_public_page_is_fetched_by_address_and_by_name(self):
        hosts = ("11.0.0.1", "outside.example.com", "[::ffff:11.0.0.1]")

        for host, result in zip(hosts, self.get(*map(self.pages.url, hosts))):
            self.assertEqual(self.output(result)["text"], "café", host)

    def test_of_a_name_with_several_addresses_the_public_ones_are_called(self):
        [result] = self.get(self.pages.url("mixed.example.com"))

        self.assertEqual(self.output(result)["text"], "café")

    def test_neither_a_name_nor_a_redirect_leads_to_this_machine(self):
        targets = ("inside.example.com", "127.0.0.1", "localhost", "[::1]")
        redirects = [self.pages.url("outside.example.com", f"/to/{host}/page") for host in targets]
        results = self.get(self.pages.url("inside.example.com"), *redirects)

        for result in results:
            self.assertIn("is not on the public internet", result["error"])
        self.assertEqual(len(self.pages.asked), len(redirects))


if __name__ == "__main__":
    unittest.main()

"""What test_failing_upstreams.py has, and answers of every size, over TLS: as models are asked."""

import os
import unittest

import test_failing_upstreams as plain
from certificates import Authority
from failing_upstream import FailingUpstreamTest
from fake_upstream import FakeUpstream, chunk, holds, says, sends
from harness import text_of


def setUpModule():
    global authority
    authority = Authority()
    unittest.addModuleCleanup(authority.close)
    os.environ["SSL_CERT_FILE"] = str(authority.ca)
    unittest.addModuleCleanup(os.environ.pop, "SSL_CERT_FILE")


class OverTls(FailingUpstreamTest):
    def make_upstream(self):
        return FakeUpstream(tls=authority.server("upstream"))


class RefusalOverTlsTest(OverTls, plain.RefusalTest):
    pass


class BrokenStreamOverTlsTest(OverTls, plain.BrokenStreamTest):
    pass


class SlowUpstreamOverTlsTest(OverTls, plain.SlowUpstreamTest):
    pass


class OddButWholeOverTlsTest(OverTls, plain.OddButWholeTest):
    pass


class SizesTest(OverTls):
    def test_an_answer_of_any_size_is_read_at_once(self):
        for size in (100, 1000, 3000, 9000, 15000, 40000):
            with self.subTest(size):
                text = "x" * size
                self.upstream.answer = holds(chunk(text))
                stream = self.client.run(self.client.interaction(), "hello")
                came = ""
                while len(came) < size:
                    came += text_of([stream.next()])
                self.assertEqual(came, text)
                stream.close()


if __name__ == "__main__":
    unittest.main()

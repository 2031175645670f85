"""bench/fake_upstream as a process that is killed now and then, and comes back at the same address."""

import signal
import socket
import subprocess

from harness import BUILD, eventually


class KilledUpstream:
    def __init__(self, tokens, delay_ms):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"
        self.flags = ["--tokens", str(tokens), "--delay-ms", str(delay_ms), "--first-ms", "5"]
        self.kills = 0
        self.start()

    def start(self):
        command = [BUILD / "bin" / "fake_upstream", "--listen", f"127.0.0.1:{self.port}", *self.flags]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        eventually(self._answers, "the upstream listens")

    def _answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.kills += 1

    def close(self):
        self.process.kill()
        self.process.wait()

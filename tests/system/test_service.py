"""The server as a service: what it tells its supervisor, the unit, and the archive that is installed."""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tarfile
import tempfile
import unittest

from harness import BINARY, BUILD, WAIT, Client, Server, eventually

SOURCE = pathlib.Path(os.environ["PATCHBAY_SOURCE_DIR"])


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=WAIT).stdout


class Supervisor:
    """The socket of a supervisor, and what came in on it."""

    def __init__(self, name):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(name)
        self.socket.settimeout(WAIT)

    def next(self):
        return dict(line.split("=", 1) for line in self.socket.recv(4096).decode().splitlines())


class NotifyTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="patchbay-notify-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.server = Server()
        self.addCleanup(self.server.close)

    def test_its_supervisor_hears_of_ready_reloading_and_stopping_in_this_order(self):
        supervisor = Supervisor(str(self.folder / "notify"))
        self.addCleanup(supervisor.socket.close)
        self.server.start(env={"NOTIFY_SOCKET": str(self.folder / "notify")})
        ready = supervisor.next()
        self.assertEqual(ready["READY"], "1")
        self.assertEqual(Client(self.server.port, "").get("/api/stream/health").status, 200)

        self.server.process.send_signal(signal.SIGHUP)
        reloading = supervisor.next()
        self.assertEqual(reloading["RELOADING"], "1")
        self.assertGreater(int(reloading["MONOTONIC_USEC"]), 0)
        self.assertEqual(supervisor.next()["STATUS"], "serving; reloaded the config")

        self.server.config.write_text("{")
        self.server.process.send_signal(signal.SIGHUP)
        supervisor.next()
        self.assertIn("refused", supervisor.next()["STATUS"])

        self.assertEqual(self.server.stop(), 0)
        self.assertEqual(supervisor.next()["STOPPING"], "1")

    def test_an_abstract_name_is_good_too(self):
        name = f"patchbay-notify-{os.getpid()}"
        supervisor = Supervisor("\0" + name)
        self.addCleanup(supervisor.socket.close)
        self.server.start(env={"NOTIFY_SOCKET": "@" + name})
        self.assertEqual(supervisor.next()["READY"], "1")

    def test_a_supervisor_that_is_not_there_is_a_warning(self):
        self.server.start(env={"NOTIFY_SOCKET": str(self.folder / "nobody")})
        eventually(lambda: "cannot tell the supervisor" in self.server.read_log(), "a warning")
        self.assertEqual(Client(self.server.port, "").get("/api/stream/health").status, 200)

    def test_a_start_that_fails_is_never_ready(self):
        supervisor = Supervisor(str(self.folder / "notify"))
        self.addCleanup(supervisor.socket.close)
        self.server.config.write_text("{")
        self.server.start(expect_ready=False, env={"NOTIFY_SOCKET": str(self.folder / "notify")})
        self.assertEqual(self.server.process.wait(WAIT), 2)
        supervisor.socket.setblocking(False)
        self.assertRaises(BlockingIOError, supervisor.socket.recv, 4096)


@unittest.skipUnless(shutil.which("systemd-analyze"), "no systemd here")
class UnitTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.mkdtemp(prefix="patchbay-unit-")
        self.addCleanup(shutil.rmtree, folder, True)
        self.unit = pathlib.Path(folder) / "patchbay.service"
        text = (SOURCE / "packaging" / "patchbay.service").read_text()
        self.unit.write_text(re.sub("^Documentation=.*\n", "", text, flags=re.M).replace(
            "/usr/local/bin/patchbay", str(BINARY.absolute())))

    def analyze(self, *arguments):
        return subprocess.run(["systemd-analyze", *arguments, self.unit], capture_output=True,
                              text=True, timeout=WAIT)

    def test_systemd_understands_it(self):
        done = self.analyze("verify")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    @unittest.skipUnless(shutil.which("systemctl"), "no systemctl here")
    def test_it_can_be_enabled_where_the_archive_puts_it(self):
        root = self.unit.parent / "root"
        units = root / "usr/local/lib/systemd/system"  # what INSTALL.md's `cp -r` makes
        units.mkdir(parents=True)
        shutil.copy(self.unit, units)

        done = subprocess.run(["systemctl", f"--root={root}", "enable", "patchbay"],
                              capture_output=True, text=True)

        self.assertEqual(done.returncode, 0, done.stderr)
        wanted = root / "etc/systemd/system/multi-user.target.wants/patchbay.service"
        self.assertEqual(os.readlink(wanted), "/usr/local/lib/systemd/system/patchbay.service")
        self.assertNotIn("ln -s", (SOURCE / "packaging/INSTALL.md").read_text())

    def test_it_is_exposed_little(self):
        done = self.analyze("security", "--offline=true", "--threshold=20")  # tenths: 2.0, "OK"
        self.assertEqual(done.returncode, 0, done.stdout[-300:])


class ArchiveTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="patchbay archive "))
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        subprocess.run(["cpack", "--config", BUILD / "CPackConfig.cmake", "-B", cls.folder],
                       check=True, capture_output=True, timeout=10 * WAIT)
        (archive,) = cls.folder.glob("patchbay-*.tar.gz")
        with tarfile.open(archive) as packed:
            packed.extractall(cls.folder)
        (cls.root,) = [path for path in cls.folder.glob("patchbay-*") if path.is_dir()]

    def test_it_answers_from_wherever_it_was_unpacked(self):
        """With the example config, in a folder whose name has a blank."""
        data = self.folder / "data"
        process = subprocess.Popen(
            [self.root / "bin" / "patchbay", "serve", "--listen", "127.0.0.1:0", "--config",
             self.root / "share" / "doc" / "patchbay" / "patchbay.json", "--data-dir", data],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=self.folder)
        try:
            port = int(process.stdout.readline().decode().rsplit(":", 1)[1])
            key = (data / "admin.key").read_text().strip()
            answer = Client(port, key).converse("hello")
            self.assertEqual(answer.rest()[-1].data["type"], "complete")
        finally:
            process.terminate()
            self.assertEqual(process.wait(WAIT), 0)
            process.stdout.close()

    @unittest.skipUnless(shutil.which("dpkg"), "no Debian here")
    def test_its_list_of_packages_has_every_library_that_it_loads(self):
        listed = (self.root / "share" / "doc" / "patchbay" / "packages.txt").read_text().split()
        base = {"libc6", "libstdc++6", "libgcc-s1", "libasan8", "libubsan1", "libtsan2"}
        for binary in [self.root / "bin" / "patchbay",
                       *(self.root / "lib" / "patchbay" / "plugins").iterdir()]:
            needed = set(re.findall(r"NEEDED +(\S+)", output_of("objdump", "-p", binary)))
            paths = dict(re.findall(r"(\S+) => (/\S+)", output_of("ldd", binary)))
            for library in sorted(needed & set(paths)):
                file = os.path.basename(os.path.realpath(paths[library]))
                owners = re.findall(r"^(\S+?):", output_of("dpkg", "-S", "*/" + file), re.M)
                self.assertTrue(set(owners) & (base | set(listed)), (library, owners))

    def test_it_holds_every_plugin_and_nothing_of_the_tests(self):
        packed = {path.name for path in (self.root / "lib" / "patchbay" / "plugins").iterdir()}
        ours = {f"patchbay_{folder.parent.name.rstrip('s')}_{folder.name}.so"
                for folder in (SOURCE / "plugins").glob("*/*") if folder.is_dir()}
        self.assertEqual(packed, ours)


if __name__ == "__main__":
    unittest.main()

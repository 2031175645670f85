"""A disk and a clock that fail on demand: for one server, through a library that is preloaded into it.

The library (tests/faults) stands between the server and the kernel. It fails writes, syncs, reads and
opens of files below the server's folder, moves its wall clock, and keeps a model of what the disk
surely holds. When the power is cut, the server is killed and its data folder becomes what a disk may
have kept: everything that was synced, and any part of what was not.
"""

import mmap
import os
import pathlib
import shutil
import signal
import struct

from harness import BUILD, WAIT, Cut, Server, eventually

LIBRARY = BUILD.absolute() / "tests" / "faults" / "patchbay_faults.so"
FIELDS = ["clock_offset_ms", "write_error", "sync_error", "read_error", "open_error", "full",
          "cut_after", "cut_now", "changes", "failed"]  # as in tests/faults/control.hpp


class Faults:
    """The numbers that a server with faults reads and writes; attributes, by the names of FIELDS."""

    def __init__(self, path):
        path.write_bytes(bytes(4096))
        with open(path, "r+b") as file:
            self.__dict__["numbers"] = mmap.mmap(file.fileno(), 4096)

    def __getattr__(self, name):
        return struct.unpack_from("<q", self.numbers, 8 * FIELDS.index(name))[0]

    def __setattr__(self, name, value):
        struct.pack_into("<q", self.numbers, 8 * FIELDS.index(name), value)

    def heal(self):
        for name in FIELDS:
            if name.endswith("_error") or name == "full":
                setattr(self, name, 0)


class FaultyServer(Server):
    """A server on a disk and a clock that fail on demand: self.faults."""

    def __init__(self, config=None):
        super().__init__(config)
        self.image = pathlib.Path(f"{self.folder}-image")
        self.faults = Faults(self.folder / "faults")
        self.certain = pathlib.Path(f"{self.folder}-certain")
        self.seed = 1  # of what a power cut leaves of what was not synced

    def start(self, **options):
        environment = {
            "LD_PRELOAD": str(LIBRARY),
            "PATCHBAY_FAULTS": str(self.folder / "faults"),
            "PATCHBAY_FAULTS_FOLDER": str(self.folder),
            "PATCHBAY_FAULTS_IMAGE": str(self.image),
            "PATCHBAY_FAULTS_CERTAIN": str(self.certain) if self.certain.exists() else "",
            "PATCHBAY_FAULTS_SEED": str(self.seed),
            # The library has no sanitizer in it, and may come before theirs.
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0",
        }
        return super().start(env=environment | options.pop("env", {}), **options)

    def close(self):
        super().close()
        for folder in (self.image, self.certain):
            shutil.rmtree(folder, ignore_errors=True)

    def wait_for_cut(self):
        """Waits for the power cut that faults.cut_after has asked for; the disk is what it left."""
        self.process.wait(WAIT)
        self.process.stdout.close()
        self.faults.cut_after = self.faults.cut_now = 0
        shutil.rmtree(self.data)
        if (self.image / "data").exists():
            (self.image / "data").rename(self.data)
        for folder in (self.image, self.certain):
            shutil.rmtree(folder, ignore_errors=True)

    def cut_power(self):
        """Cuts the power now, if it is not cut already."""
        self.faults.cut_now = 1
        self.wait_for_cut()

    def kill_only(self):
        """kill -9 on a machine that stays on: its memory hides what the disk has lost."""
        self.faults.cut_now = 2
        self.process.wait(WAIT)
        self.process.stdout.close()
        self.faults.cut_now = 0
        shutil.rmtree(self.certain, ignore_errors=True)
        self.image.rename(self.certain)

    def starts_before(self, change):
        """Starts it on a power that is cut at this change; false when that was during the start."""
        self.faults.cut_after = change
        try:
            self.start()
            self.faults.cut_after = 0
            self.client().post("/api/interactions")  # answers only if the cut has not begun
            return True
        except (Cut, OSError):
            pass
        except AssertionError:
            if self.process.returncode != -signal.SIGKILL:
                raise
        self.wait_for_cut()
        return False

    def wait_for_failures(self, count=1):
        """Waits until so many calls more have been made to fail."""
        wanted = self.faults.failed + count
        eventually(lambda: self.faults.failed >= wanted, "calls fail")

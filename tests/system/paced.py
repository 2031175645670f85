"""A server whose provider is the fixture `paced`, built as two versions that say another word."""

import os
import pathlib
import shutil
import tempfile
import unittest

from harness import BUILD, Server

FIXTURES = BUILD / "tests" / "plugins"
WORD = {"fixture_paced": "one", "fixture_paced_next": "two"}


def install(build, library):
    """Puts a build in the library's place as an installer does: the name gets a new file."""
    library.parent.mkdir(exist_ok=True)
    begun = library.with_suffix(".begun")
    shutil.copyfile(FIXTURES / f"{build}.so", begun)
    os.chmod(begun, 0o644)
    begun.rename(library)


def paced_config(library, settings=None, **members):
    """A config whose default model is the plugin in the file `library`."""
    config = {
        "plugins": {
            "paced": {"library": str(library), "config": settings or {}},
            "keys": {"library": "patchbay_auth_api_key"},
        },
        "auth": ["keys"],
        "models": {"default": "paced/paced"},
    }
    config.update(members)
    return config


class PacedTest(unittest.TestCase):
    settings = {"words": 3, "delay_us": 1000}
    members = {}

    def setUp(self):
        # The server's folder is made by its harness; the library lies beside it.
        folder = tempfile.mkdtemp(prefix="patchbay-paced-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        self.library = pathlib.Path(folder) / "plugins" / "paced.so"
        self.journal = pathlib.Path(folder) / "journal"
        install("fixture_paced", self.library)
        self.server = Server(self.config())
        self.start()
        self.addCleanup(self.server.close)

    def config(self, settings=None, **members):
        return paced_config(self.library, settings or self.settings, **{**self.members, **members})

    def start(self):
        self.server.start(env={"PACED_JOURNAL": str(self.journal), "PACED_SECRET": "s3cr3t"})
        self.client = self.server.client()

    def restart(self):
        self.server.stop()
        self.start()

    # ---- asking ----

    def begin(self, **fields):
        return self.client.run(self.client.interaction(), "hello", **fields)

    def plugin(self, name="paced"):
        return self.client.get(f"/api/admin/plugins/{name}").json()

    def change(self, action, body=None, name="paced"):
        return self.client.post(f"/api/admin/plugins/{name}/{action}", body or {})

    def patch(self, settings, name="paced", **fields):
        return self.client.request("PATCH", f"/api/admin/plugins/{name}",
                                   {"config": settings, **fields})

    def forget(self, name="paced"):
        return self.client.request("DELETE", f"/api/admin/plugins/{name}/overrides")

    def reload(self):
        return self.client.post("/api/admin/reload", {})

    def alive(self):
        """Instances that were created and not destroyed."""
        marks = self.journal.read_text()
        return marks.count("+") - marks.count("-")

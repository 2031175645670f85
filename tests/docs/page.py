"""Runs a page of the docs: what it tells the reader to write and to type, in a folder of its own.

A fence says what is to be done with its block:

  ```sh run              typed into one shell after the other; what is exported, and where one stands,
                         stays. A block that fails fails the page.
  ```sh run=fails        the same, and it must fail
  ```sh background       started, and left running to the end of the page; the page goes on when it
                         has printed a line
  ```sh by-hand          not run: what changes the machine, as installing a package does
  ```text output         what the block before printed, on both outputs; "…" stands for anything, on a
                         line of its own for any lines
  ```LANG file=PATH      written to PATH
  ```LANG in=PATH        lines that stand in PATH as they are, up to their indentation
  ```LANG plugin=NAME    a whole plugin, in C or C++: it is compiled, without a warning, to NAME.so, and
                         `patchbay plugin validate` finds nothing, times apart
  ```cpp test            a whole program that tests the plugin before it, PLUGIN_FILE: it is compiled
                         and run, and its exit code is 0
  ```text                a picture

Every other block is refused: what nobody runs becomes untrue. In all of them 127.0.0.1:8080 stands for a
free port. `patchbay` is the one that was built.
"""

import dataclasses
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import textwrap
import threading

BUILD = pathlib.Path(os.environ.get("PATCHBAY_BUILD_DIR", "build/release"))
SOURCE = pathlib.Path(os.environ.get("PATCHBAY_SOURCE_DIR",
                                     pathlib.Path(__file__).resolve().parents[2]))

SHOWN = "127.0.0.1:8080"
LIMIT = 300  # seconds: of one block

FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<body>.*?)^```[ ]*$", re.M | re.S)


class PageError(AssertionError):
    pass


@dataclasses.dataclass
class Block:
    line: int       # of its fence, from 1
    language: str
    kind: str       # "run", "background", "by-hand", "output", "file", "in", "plugin", "test", "picture"
    argument: str   # of file=, in=, plugin= and run=
    body: str


def blocks_of(text):
    blocks = []
    for match in FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        words = match["info"].split()
        language = words[0] if words else ""
        kind, _, argument = (words[1] if len(words) > 1 else "").partition("=")
        if language == "text" and not kind:
            kind = "picture"
        known = {"sh": ("run", "background", "by-hand"), "text": ("output", "picture", "file"),
                 "c": ("plugin",), "cpp": ("plugin", "test")}
        allowed = (*known.get(language, ()), "file", "in")
        if len(words) > 2 or not language or kind not in allowed:
            raise PageError(f"line {line}: nothing says what to do with ```{match['info']}")
        if (kind in ("file", "in", "plugin")) != bool(argument) and argument != "fails":
            raise PageError(f"line {line}: ```{match['info']} names no file")
        blocks.append(Block(line, language, kind, argument, match["body"]))
    return blocks


# What compiles the plugins and tests of pages, warnings being errors.
COMPILERS = {"c": ["cc", "-std=c11"], "cpp": ["c++", "-std=c++23"]}
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def compiler_cache(folder):
    """The environment of ccache where there is one: pages are run more often than they change."""
    if not shutil.which("ccache"):
        return {}
    cache = subprocess.run(["ccache", "-k", "cache_dir"], text=True, check=True,
                           stdout=subprocess.PIPE).stdout.strip()
    return {"CCACHE_DIR": cache, "CCACHE_BASEDIR": str(folder), "CCACHE_NOHASHDIR": "1",
            "CMAKE_C_COMPILER_LAUNCHER": "ccache", "CMAKE_CXX_COMPILER_LAUNCHER": "ccache"}


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def pattern_of(expected):
    """What is shown as a regular expression: "…" is anything."""
    parts = []
    for line in expected.rstrip("\n").split("\n"):
        if line.strip() == "…":
            parts.append(r"(?:[^\n]*\n)*?")
        else:
            parts.append(re.escape(line.rstrip()).replace("…", r"[^\n]*") + r"[ \t]*\n")
    return "".join(parts)


class Page:
    """One page being read. close() ends what runs in the background and removes the folder."""

    def __init__(self, path, build):
        self.path = pathlib.Path(path)
        self.sdk = pathlib.Path(build).resolve()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="patchbay-page-"))
        self.work = self.folder / "work"
        self.work.mkdir()
        self.state = self.folder / "state"
        self.state.write_text(f"cd {self.work}\n")
        self.address = f"127.0.0.1:{free_port()}"
        self.environment = {
            "PATH": f"{pathlib.Path(build).resolve()}/bin:{os.environ['PATH']}",
            "HOME": str(self.folder), "LANG": "C.UTF-8", "TMPDIR": tempfile.gettempdir(),
            **compiler_cache(self.folder)}
        self.plugin = None  # the file of the newest one
        self.background = []
        self.output = None  # of the block before

    def close(self):
        for process in self.background:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(60)
            process.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def read(self):
        for block in blocks_of(self.path.read_text()):
            try:
                getattr(self, "do_" + block.kind.replace("-", "_"))(block)
            except PageError as error:
                raise PageError(f"{self.path.name}:{block.line}: {error}") from None

    def _here(self, text):
        return text.replace(SHOWN, self.address)

    def _cwd(self):
        lines = self.state.read_text().splitlines()
        return pathlib.Path(next(line for line in lines if line.startswith("cd "))[3:])

    def do_run(self, block):
        script = (f"set -euo pipefail\n. {self.state}\n"
                  f"trap '{{ echo \"cd $PWD\"; export -p; }} > {self.state}' EXIT\n"
                  f"{self._here(block.body)}")
        done = subprocess.run(["bash", "-c", script], cwd=self.work, env=self.environment, text=True,
                              timeout=LIMIT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        self.output = done.stdout.replace(self.address, SHOWN)
        if (done.returncode != 0) != (block.argument == "fails"):
            raise PageError(f"exit code {done.returncode}:\n{block.body}\n{done.stdout}")

    def do_background(self, block):
        script = f"set -euo pipefail\n. {self.state}\n{self._here(block.body)}"
        process = subprocess.Popen(["bash", "-c", script], cwd=self.work, env=self.environment,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                                   stderr=open(self.folder / "background.log", "ab"),
                                   start_new_session=True)
        self.background.append(process)
        timer = threading.Timer(LIMIT, lambda: os.killpg(process.pid, signal.SIGKILL))
        timer.start()
        self.output = process.stdout.readline().replace(self.address, SHOWN)
        timer.cancel()
        if not self.output:
            raise PageError(f"printed nothing:\n{(self.folder / 'background.log').read_text()}")

    def _type(self, *command):
        done = subprocess.run([str(word) for word in command], cwd=self.work, timeout=LIMIT,
                              env=self.environment, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            raise PageError(f"exit code {done.returncode}: {' '.join(map(str, command))}\n{done.stdout}")
        return done.stdout

    def _compile(self, block, name, *flags):
        source = self.work / f"{name}.{block.language}"
        source.write_text(block.body)
        cached = ["ccache"] if "CCACHE_DIR" in self.environment else []
        self._type(*cached, *COMPILERS[block.language], *WARNINGS, f"-I{self.sdk / 'include'}", *flags,
                   "-c", "-o", f"{name}.o", source.name)

    def do_plugin(self, block):
        name = block.argument
        self._compile(block, name, "-O2", "-fPIC", "-fvisibility=hidden", "-fno-gnu-unique")
        self._type(COMPILERS[block.language][0], "-shared", "-Wl,-z,defs", "-o", f"{name}.so", f"{name}.o",
                   f"-Wl,--version-script={self.sdk / 'share/cmake/Patchbay/plugin.map'}")
        self.plugin = self.work / f"{name}.so"
        # Not how long its calls took: that is the machine's as much as the plugin's.
        names = [line.split()[0] for line in self._type("patchbay", "plugin", "validate", "--list").splitlines()]
        self._type("patchbay", "plugin", "validate", self.plugin, "--timeout", "20", "--only",
                   *(name for name in names if name != "threads.time"))

    def do_test(self, block):
        if self.plugin is None:
            raise PageError("tests no plugin")
        name = self.plugin.stem + "_test"
        self._compile(block, name, f'-DPLUGIN_FILE="./{self.plugin.name}"')
        self._type("c++", "-o", name, f"{name}.o", "-ldl", "-pthread")
        self._type(f"./{name}")

    def do_by_hand(self, block):
        self.output = None

    def do_picture(self, block):
        pass

    def do_output(self, block):
        if self.output is None:
            raise PageError("shows what no block before it printed")
        found = self.output if self.output.endswith("\n") or not self.output else self.output + "\n"
        if not re.fullmatch(pattern_of(block.body), found):
            raise PageError(f"shows\n{block.body}\nbut what was printed is\n{found}")

    def do_file(self, block):
        path = self._cwd() / block.argument
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._here(block.body))

    def do_in(self, block):
        def lines_of(text):
            return [line.strip() for line in text.strip().splitlines()]

        path = self._cwd() / block.argument
        if not path.exists():
            raise PageError(f"there is no {block.argument}")
        wanted, there = lines_of(self._here(textwrap.dedent(block.body))), lines_of(path.read_text())
        if not any(there[i:i + len(wanted)] == wanted for i in range(len(there))):
            raise PageError(f"{block.argument} has no such lines:\n{block.body}")


def add_pages(test_class, folder):
    """Adds a test for each page of a folder: test_first_plugin, …"""
    def add(path):
        def read(self):
            page = Page(path, BUILD)
            self.addCleanup(page.close)
            page.read()

        setattr(test_class, "test_" + path.stem.replace("-", "_"), read)

    for path in sorted(folder.glob("*.md")):
        add(path)

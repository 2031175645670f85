"""The SDK as strangers have it, installed to a folder of its own; and projects built against it."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

BUILD = pathlib.Path(os.environ.get("PATCHBAY_BUILD_DIR", "build/release")).resolve()
SOURCE = pathlib.Path(os.environ.get("PATCHBAY_SOURCE_DIR",
                                     pathlib.Path(__file__).resolve().parents[2]))
BUILD_LIMIT = 600  # seconds; a machine may be busy

COMPILERS = {"gcc": ("gcc-12", "g++-12"), "clang": ("clang-19", "clang++-19")}


def run(*command, cwd=None, env=None, check=True):
    """Runs a command; what it printed is in the failure, and in what is returned."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, text=True, timeout=BUILD_LIMIT,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=dict(os.environ, **(env or {})))
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: {done.returncode}\n{done.stdout}")
    return done


def has_compiler(name):
    return all(shutil.which(program) for program in COMPILERS[name])


def validate(library):
    """By `patchbay plugin validate`, which must have found something to look at."""
    done = run(BUILD / "bin" / "patchbay", "plugin", "validate", library)
    if not re.search(r"\b[1-9]\d* passed", done.stdout):
        raise AssertionError(f"validate looked at nothing:\n{done.stdout}")


class InstalledSdk:
    """`prefix` holds the SDK and nothing else; `scratch` is for projects. close() removes both."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="patchbay-sdk-"))
        self.prefix = self.folder / "prefix"
        self.scratch = self.folder / "scratch"
        self.scratch.mkdir()
        run("cmake", "--install", BUILD, "--component", "sdk", "--prefix", self.prefix)

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def pkg_config(self, *arguments):
        done = run("pkg-config", *arguments, "patchbay-sdk",
                   env={"PKG_CONFIG_PATH": str(self.prefix / "share" / "pkgconfig")})
        return done.stdout.split()

    def build(self, project, compiler, *options):
        """Configures, builds and tests a project; returns the build folder, which has its plugin.

        Warnings are errors: these are projects that are copied.
        """
        c, cxx = COMPILERS[compiler]
        folder = self.scratch / f"{project.name}-{compiler}"
        launcher = []
        if shutil.which("ccache"):
            launcher = ["-DCMAKE_C_COMPILER_LAUNCHER=ccache", "-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"]
        environment = {"CCACHE_BASEDIR": str(self.folder), "CCACHE_NOHASHDIR": "1"}
        run("cmake", "-G", "Ninja", "-S", project, "-B", folder, f"-DCMAKE_PREFIX_PATH={self.prefix}",
            *options, f"-DCMAKE_C_COMPILER={c}", f"-DCMAKE_CXX_COMPILER={cxx}", *launcher,
            "-DCMAKE_C_FLAGS=-Wall -Wextra -Wpedantic -Werror",
            "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Wpedantic -Werror")
        run("cmake", "--build", folder, "--parallel", "2", env=environment)
        run("ctest", "--test-dir", folder, "--output-on-failure", "--no-tests=error")
        return folder

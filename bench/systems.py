"""The systems that are measured, and the fake upstream behind them: each a process of its own.

Every system is a context manager that gives a System. `tools` has the paths of the programs (Tools).
"""

import contextlib
import dataclasses
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

START_LIMIT_S = 30


@dataclasses.dataclass
class Tools:
    bin: pathlib.Path        # the folder of patchbay, fake_upstream, load and poco_server
    nginx: str
    data_root: str           # where Patchbay's data goes: a folder on a disk
    quiet_limit_s: float     # how long a run waits for the machine to become idle


@dataclasses.dataclass
class System:
    process: subprocess.Popen | None  # None: a direct connection
    url: str                          # where answers are streamed
    load: list                        # what `load` has to be told
    base: str = ""                    # Patchbay: http://HOST:PORT
    key: str = ""                     # Patchbay: a user's key, "" without auth
    data: str = ""                    # Patchbay: its data folder


# Processes ---------------------------------------------------------------------------------------

def start(command, ready, **options):
    """Starts a program and waits for the line of its output that begins with `ready`."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        line = process.stdout.readline()
        if line.startswith(ready):
            return process, line[len(ready):].strip()
        if line == "" and process.poll() is not None:
            break
    stop(process)
    sys.exit(f"bench: {command[0]} did not start")


def stop(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout:
        process.stdout.close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(process, port):
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.02)
    sys.exit(f"bench: {process.args[0]} did not start")


def raise_open_file_limit():
    hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard_limit, hard_limit))


# The upstream ------------------------------------------------------------------------------------

class Upstream:
    def __init__(self, process, url):
        self.process, self.url = process, url

    def stats(self):
        with urllib.request.urlopen(self.url + "/stats", timeout=10) as answer:
            return json.load(answer)


@contextlib.contextmanager
def fake_upstream(tools, tokens, delay_ms, token_bytes=16, first_ms=0):
    process, url = start([tools.bin / "fake_upstream", "--tokens", str(tokens), "--delay-ms",
                          str(delay_ms), "--token-bytes", str(token_bytes), "--first-ms",
                          str(first_ms)], "fake_upstream listening on ")
    try:
        yield Upstream(process, url)
    finally:
        stop(process)


# The systems -------------------------------------------------------------------------------------

@contextlib.contextmanager
def direct(upstream, tools):
    yield System(None, upstream + "/v1/chat/completions", ["--mode", "openai"])


NGINX_CONFIG = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; {user}
error_log stderr error;
events {{ worker_connections {connections}; }}
http {{
    access_log off; keepalive_requests 1000000; keepalive_timeout 300s;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream model {{ server {upstream}; keepalive 4096; keepalive_requests 1000000; }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://model; proxy_http_version 1.1; proxy_set_header Connection "";
            proxy_buffering off; proxy_read_timeout 300s;
        }}
    }}
}}
"""


@contextlib.contextmanager
def nginx(upstream, tools):
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="bench-nginx-") as folder:
        config = pathlib.Path(folder) / "nginx.conf"
        config.write_text(NGINX_CONFIG.format(
            folder=folder, port=port, upstream=upstream.removeprefix("http://"),
            connections=resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 64,
            user="user root;" if os.geteuid() == 0 else ""))
        process = subprocess.Popen([tools.nginx, "-p", folder, "-e", "stderr", "-c", str(config)])
        try:
            wait_for_port(process, port)
            yield System(process, f"http://127.0.0.1:{port}/v1/chat/completions",
                         ["--mode", "openai"])
        finally:
            stop(process)


def patchbay_config(upstream, with_auth, more=None):
    plugins = {"openai": {"library": "patchbay_provider_openai", "required": True,
                          "config": {"base_url": upstream + "/v1", "api_key": "bench",
                                     "models": ["fake"]}}}
    if with_auth:
        plugins["keys"] = {"library": "patchbay_auth_api_key", "required": True}
    return {
        "server": {"max_connections": 20000},
        "plugins": {**plugins, **(more or {})},
        "plugin_faults": {"limit": 0},
        "auth": ["keys"] if with_auth else [],
        **({} if with_auth else {"anonymous": "allow"}),
        "models": {"default": "openai/fake", "unknown": "default"},
    }


def serve(tools, config, data, log):
    """Starts a server; (process, base URL)."""
    return start([tools.bin / "patchbay", "serve", "--config", str(config), "--listen",
                  "127.0.0.1:0", "--data-dir", data], "patchbay listening on ", stderr=log)


def create_key(tools, data, role="user"):
    made = subprocess.run([tools.bin / "patchbay", "key", "create", "--data-dir", data, "--role",
                           role, "--name", f"bench-{role}"], check=True, capture_output=True,
                          text=True, timeout=START_LIMIT_S)
    return made.stdout.strip()


@contextlib.contextmanager
def patchbay_in(upstream, tools, root, with_auth, more=None):
    data = tempfile.mkdtemp(prefix="patchbay-bench-", dir=root)
    try:
        config = pathlib.Path(data) / "bench.json"
        config.write_text(json.dumps(patchbay_config(upstream, with_auth, more)))
        key = create_key(tools, data) if with_auth else ""
        with open(os.path.join(data, "bench.log"), "w", encoding="utf-8") as log:
            process, base = serve(tools, config, data, log)
            try:
                header = ["--header", f"Authorization: Bearer {key}"] if key else []
                yield System(process, base + "/api/stream/stream-conversation",
                             ["--mode", "patchbay", *header], base, key, data)
            finally:
                stop(process)
    finally:
        shutil.rmtree(data, ignore_errors=True)


def governed(upstream, tools, more=None):
    """With auth, its log on a disk. `more`: plugins of its config."""
    return patchbay_in(upstream, tools, tools.data_root, True, more)


def bare(upstream, tools):
    """Without auth, its log in memory: what is left when neither is paid for."""
    root = "/dev/shm" if os.access("/dev/shm", os.W_OK) else tools.data_root
    return patchbay_in(upstream, tools, root, False)

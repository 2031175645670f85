"""Clients run as programs of their own; what they say is read from their output."""

import json
import os
import pathlib
import subprocess

from harness import WAIT

HERE = pathlib.Path(__file__).resolve().parent
NODE = os.environ.get("PATCHBAY_NODE", "node")
PYTHON = "/usr/bin/python3"  # Debian's own, which python3-aiohttp belongs to


def run(*command):
    """The ended program: returncode, stdout and stderr as text."""
    return subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=WAIT + 15)


def report(*command):
    """What one of our own clients found: the JSON that it prints at its end."""
    done = run(*command)
    if done.returncode != 0:
        raise AssertionError(f"{command[1]}: {done.returncode}\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def base_url(server):
    return f"http://127.0.0.1:{server.port}"


def conversations(client):
    """Everything that the client's user has said and was answered: a list of messages for each."""
    items = client.get("/api/interactions?limit=200").json()["items"]
    return [client.messages(item["id"]) for item in items]


def answer_of(messages):
    """The text of the last message, which must be the assistant's, and whole."""
    assert messages[-1]["role"] == "assistant", messages
    assert messages[-1]["status"] == "complete", messages
    return messages[-1]["content"][0]["text"]

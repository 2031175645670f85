"""Requests as bytes, and every answer that comes back until the server closes the connection."""

import socket

from harness import WAIT, Cut, Response, Stream

# Sent behind an attack: its answer tells that the server took what came before it for whole.
LAST = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def connect(port, timeout=WAIT, source=None):
    return socket.create_connection(("127.0.0.1", port), timeout,
                                    source_address=(source, 0) if source else None)


def answers_to(port, data, then=LAST):
    """The answers to `data` and to the request behind it, in their order."""
    with connect(port) as sock:
        sock.sendall(data + then)
        return read_answers(sock)


def read_answers(sock):
    answers, rest = [], b""
    while True:
        try:
            stream = Stream(sock, rest)
        except (Cut, ConnectionResetError):
            return answers
        answers.append(Response(stream.status, stream.headers, stream.body()))
        rest = stream.raw


def statuses(answers):
    return [answer.status for answer in answers]

"""A client on a bare socket that disconnects at a known moment."""

import json
import socket
import time
from typing import Any
from urllib.parse import urlsplit

from tests.support.http_client import state, until
from tests.support.servers import Running


def ask(
    url: str, wanted: dict[str, Any], path: str = "/v1/chat/completions", headers: str = ""
) -> socket.socket:
    where = urlsplit(url)
    connection = socket.create_connection((where.hostname, where.port), 20)
    send(connection, url, wanted, path, headers)
    return connection


def send(
    connection: socket.socket,
    url: str,
    wanted: dict[str, Any],
    path: str = "/v1/chat/completions",
    headers: str = "",
) -> None:
    where = urlsplit(url)
    data = json.dumps(wanted).encode()
    head = f"POST {path} HTTP/1.1\r\nhost: {where.netloc}\r\ncontent-type: application/json\r\n{headers}"
    connection.sendall(f"{head}content-length: {len(data)}\r\n\r\n".encode() + data)


def seconds_to_abort(
    engine: Running, url: str, wanted: dict[str, Any], *, reads: bool, **more: str
) -> float:
    """Returns the seconds from the disconnect until the engine notices it.

    The client disconnects after the first bytes where it `reads`, otherwise before them.
    """
    before = state(engine)["aborted"]
    connection = ask(url, wanted, **more)
    until(lambda: state(engine)["running"] == 1)
    if reads:
        assert connection.recv(10)
    time.sleep(0.1)
    left_at = time.time()
    connection.close()
    until(lambda: state(engine)["aborted"] == before + 1)
    return float(state(engine)["aborted_at"]) - left_at

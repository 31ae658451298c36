"""The health check of lite's container asks for an answer, not only for a connection."""

import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.support.paths import ROOT
from tests.support.servers import Running, free_port


def check(port: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "inference.lite.health"]
    environ = {**os.environ, "PORT": port}
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)


def test_an_engine_that_answers_is_healthy(lite: Running) -> None:
    assert check(lite.url.rpartition(":")[2]).returncode == 0


@pytest.mark.parametrize(
    ("body", "said"),
    [('{"choices": [{"message": {"content": ""}}]}', "without text"), ("nonsense", "no answer")],
)
def test_an_open_port_is_not_enough(body: str, said: str) -> None:
    class Empty(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_POST(self) -> None:
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

    server = ThreadingHTTPServer(("127.0.0.1", 0), Empty)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        done = check(str(server.server_port))
    finally:
        server.shutdown()
        server.server_close()
    assert done.returncode == 1
    assert said in done.stdout


def test_nobody_there_is_unhealthy() -> None:
    assert check(str(free_port())).returncode == 1

"""The container is healthy when its launcher says ready and its engine lists the model."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import orjson
import pytest

from tests.inference.conftest import Run


class Engine(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        body = orjson.dumps({"data": [{"id": "m"}]})
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def port() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Engine)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield str(server.server_port)
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("phase", "age", "healthy"),
    [
        ("warming", 0, False),
        ("ready", 0, True),
        ("ready", 100, False),
        ("ready", -3600, False),
        ("failed", 0, False),
        (None, 0, False),
    ],
)
def test_an_engine_that_lists_its_model_is_not_healthy_before_its_first_token(
    run: Run, tmp_path: Path, port: str, phase: str | None, age: float, healthy: bool
) -> None:
    if phase:
        state = {"phase": phase, "detail": None, "updated_at": time.time() - age}
        (tmp_path / "status.json").write_bytes(orjson.dumps(state))
    assert (run("inference.health", PORT=port).returncode == 0) == healthy


def test_an_engine_that_does_not_answer_is_not_healthy(run: Run, tmp_path: Path) -> None:
    (tmp_path / "status.json").write_bytes(
        orjson.dumps({"phase": "ready", "updated_at": time.time()})
    )
    assert run("inference.health", PORT="9").returncode == 1

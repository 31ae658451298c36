"""Reading starts with the upload and holds no answer up: a slow reader, a dead one, and a clock."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests

from benchmarks.servers import Running, free_port, running_gateway, wait_for
from tests.conftest import SCREENS, picture_message, screen
from tests.gateway.asking import until

READS = 3.0  # seconds that the slow reader takes
READING = b'{"width": 1, "height": 1, "lines": [{"text": "E42", "box": [0, 0, 1, 1], "confidence": 1}], "fields": []}'
WAITS = 0.3  # READER_TIMEOUT


@dataclass
class SlowReader:
    url: str
    asked_at: list[float] = field(default_factory=list)


@contextmanager
def slow_reader() -> Iterator[SlowReader]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            reader.asked_at.append(time.monotonic())
            self.rfile.read(int(self.headers["content-length"]))
            time.sleep(READS)
            self.send_response(200)
            self.send_header("content-length", str(len(READING)))
            self.end_headers()
            self.wfile.write(READING)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    reader = SlowReader(f"http://127.0.0.1:{server.server_port}")
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield reader
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


@contextmanager
def desk_with(engine: Running, folder: Path, reader_url: str) -> Iterator[Running]:
    settings = {"ENGINE": "cpu", "READER_URL": reader_url, "READER_TIMEOUT": str(WAITS)}
    with running_gateway(engine.url, folder, **settings) as gateway:
        wait_for(gateway.url + "/readyz")
        yield gateway


def waited(gateway: Running, name: str) -> tuple[float, dict[str, object]]:
    """Seconds until the assistant's whole answer to a picture, which the engine gives at once; and its extras."""
    asked = {"model": "sightdesk", "messages": [picture_message("hi", screen(name))]}
    started = time.monotonic()
    answer = requests.post(gateway.url + "/v1/chat/completions", json=asked, timeout=30)
    return time.monotonic() - started, answer.json()["sightdesk"]


def test_an_upload_is_read_at_once_and_the_question_waits_reader_timeout_for_it(
    engine: Running, tmp_path: Path
) -> None:
    with slow_reader() as reader, desk_with(engine, tmp_path, reader.url) as gateway:
        waited(gateway, "order")  # the first of everything
        asked = len(reader.asked_at)
        files = {"file": ("screen.png", (SCREENS / "waybill.png").read_bytes())}
        assert requests.post(gateway.url + "/v1/files", files=files, timeout=30).ok
        until(lambda: len(reader.asked_at) == asked + 1, READS / 2)
        seconds, told = waited(gateway, "waybill")
        assert WAITS <= seconds < READS / 2, "the engine is asked without the reading"
        assert "reading" not in told
        until(lambda: time.monotonic() - reader.asked_at[-1] > READS + 0.2, READS + 2)
        seconds, told = waited(gateway, "waybill")
        assert seconds < READS / 2
        assert told["reading"], "it was read on"
        assert len(reader.asked_at) == asked + 1, "once"


def test_a_dead_reader_holds_nothing_up(engine: Running, tmp_path: Path) -> None:
    with desk_with(engine, tmp_path, f"http://127.0.0.1:{free_port()}") as gateway:
        files = {"file": ("screen.png", (SCREENS / "waybill.png").read_bytes())}
        assert requests.post(gateway.url + "/v1/files", files=files, timeout=30).ok
        waited(gateway, "waybill")
        seconds, told = waited(gateway, "waybill")
        assert seconds < READS / 2
        assert "reading" not in told

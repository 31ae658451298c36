"""The OCR of a picture starts with its upload and never holds up an answer.

Covers a slow engine for OCR, a dead one, and the order of owners in its queue.
"""

import io
import json
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests
from PIL import Image

from tests.support.disconnects import ask
from tests.support.http_client import until
from tests.support.paths import SCREENS
from tests.support.screens import data_url, picture_message, screen
from tests.support.servers import Running, free_port, running_gateway, running_lite, wait_for

READS = 3.0  # seconds that the slow reader takes
READING = b'{"width": 1, "height": 1, "lines": [{"text": "E42", "box": [0, 0, 1, 1], "confidence": 1}], "fields": []}'
WAITS = 0.3  # READER_TIMEOUT
OWNERS = [f"owner{number}" for number in range(9)]
KEYS = ",".join(f"{owner}:sk-{owner}" for owner in OWNERS)


@dataclass
class SlowReader:
    url: str
    seconds: float
    asked_at: list[float] = field(default_factory=list)
    owners: list[str] = field(default_factory=list)
    left_at: list[float] = field(default_factory=list)  # when a client hung up before its reading


@contextmanager
def slow_reader(seconds: float = READS) -> Iterator[SlowReader]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            reader.asked_at.append(time.monotonic())
            reader.owners.append(self.headers["x-owner"])
            self.rfile.read(int(self.headers["content-length"]))
            if is_left(self.connection, reader.seconds):
                reader.left_at.append(time.monotonic())
                self.close_connection = True
                return
            self.send_response(200)
            self.send_header("content-length", str(len(READING)))
            self.end_headers()
            self.wfile.write(READING)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    reader = SlowReader(f"http://127.0.0.1:{server.server_port}", seconds)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield reader
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def is_left(connection: socket.socket, seconds: float) -> bool:
    """Whether the client hangs up within the time."""
    return bool(select.select([connection], [], [], seconds)[0])


@contextmanager
def desk_with(
    engine: Running, folder: Path, reader_url: str, waits: float = WAITS, **more: str
) -> Iterator[Running]:
    settings = {
        "ENGINE": "cpu",
        "READER_URL": reader_url,
        "READER_TIMEOUT": str(waits),
        "EMBEDDING_URL": "",  # the slow reader counts what it is asked
        "API_KEYS": KEYS,
        **more,
    }
    with running_gateway(engine.url, folder, **settings) as gateway:
        wait_for(gateway.url + "/readyz")
        yield gateway


def waited(gateway: Running, name: str) -> tuple[float, dict[str, object]]:
    """Returns (seconds until the whole answer to a picture, its extras). The engine is instant."""
    asked: dict[str, Any] = {
        "model": "sightdesk",
        "messages": [picture_message("hi", screen(name))],
    }
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


def drawn(number: int, size: tuple[int, int] = (64, 64)) -> bytes:
    """A picture like no other."""
    made = io.BytesIO()
    Image.new("RGB", size, (number, 90, 40)).save(made, "PNG")
    return made.getvalue()


def key_of(owner: str) -> dict[str, str]:
    return {"authorization": f"Bearer sk-{owner}"}


def upload(gateway: Running, owner: str, picture: bytes) -> None:
    files = {"file": ("screen.png", picture)}
    assert requests.post(
        gateway.url + "/v1/files", files=files, headers=key_of(owner), timeout=30
    ).ok


def told_by(gateway: Running, owner: str, picture: bytes, **more: Any) -> list[dict[str, Any]]:
    """The extras of a streamed answer to a picture, in order."""
    asked = {
        "model": "sightdesk",
        "stream": True,
        "messages": [picture_message("hi", data_url(picture))],
        **more,
    }
    headers = {**key_of(owner), "x-sightdesk-extras": "1"}
    answer = requests.post(
        gateway.url + "/v1/chat/completions", json=asked, headers=headers, timeout=60
    )
    events = [
        json.loads(line[6:]) for line in answer.text.split("\n") if line.startswith("data: {")
    ]
    return [event["sightdesk"] for event in events if "sightdesk" in event]


def seconds_of(work: Callable[[], Any]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def test_of_eight_that_are_read_at_once_those_who_wait_are_told_their_place(
    engine: Running, tmp_path: Path
) -> None:
    with (
        slow_reader(1.0) as reader,
        desk_with(engine, tmp_path, reader.url, 30) as gateway,
        ThreadPoolExecutor(8) as pool,
    ):
        told = list(
            pool.map(lambda number: told_by(gateway, OWNERS[number], drawn(number)), range(8))
        )
        assert all(any("reading" in extras for extras in one) for one in told)
        places = [
            [extras["queue"]["position"] for extras in one if "queue" in extras] for one in told
        ]
        waited = [one for one in places if one]
        assert sorted(one[0] for one in waited) == [1, 2, 3, 4]
        assert all(one == sorted(one, reverse=True) and one[-1] == 0 for one in waited)
        assert len(set(reader.owners)) == 8
        assert not any(owner in name for owner in OWNERS for name in reader.owners), (
            "no name leaves the gateway"
        )


def test_one_owners_eight_pictures_hold_up_no_other_and_no_question_of_their_own(
    engine: Running, tmp_path: Path
) -> None:
    with slow_reader(1.0) as reader, desk_with(engine, tmp_path, reader.url, 30) as gateway:
        for number in range(8):
            upload(gateway, OWNERS[0], drawn(number))
        assert seconds_of(lambda: told_by(gateway, OWNERS[1], drawn(100))) < 4
        assert seconds_of(lambda: told_by(gateway, OWNERS[0], drawn(101))) < 4
        assert len(reader.asked_at) < 10, "the uploads were not read before"


def test_a_picture_is_read_in_whoevers_turn_comes_first_and_once(
    engine: Running, tmp_path: Path
) -> None:
    with slow_reader(1.0) as reader, desk_with(engine, tmp_path, reader.url, 30) as gateway:
        for number in range(8):
            upload(gateway, OWNERS[0], drawn(number))
        last = drawn(7)
        assert seconds_of(lambda: told_by(gateway, OWNERS[1], last)) < 4
        until(lambda: len(reader.asked_at) == 8, 20)
        time.sleep(1.5)
        assert len(reader.asked_at) == 8


def test_a_long_picture_that_is_read_in_part_says_so_until_it_is_whole(
    engine: Running, tmp_path: Path
) -> None:
    made = io.BytesIO()
    Image.linear_gradient("L").resize((600, 4000)).save(made, "PNG")  # tiles that differ
    long = made.getvalue()
    with slow_reader(1.0) as reader, desk_with(engine, tmp_path, reader.url, 1.5) as gateway:
        (part,) = next(
            extras["reading"] for extras in told_by(gateway, OWNERS[0], long) if "reading" in extras
        )
        assert part["partial"] is True
        assert part["lines"]
        tiles = len(reader.asked_at)
        assert tiles >= 2
        until(lambda: time.monotonic() - reader.asked_at[-1] > 1.5, 20)
        (whole,) = next(
            extras["reading"] for extras in told_by(gateway, OWNERS[0], long) if "reading" in extras
        )
        assert whole["partial"] is False


def test_who_leaves_ends_the_reading_that_nobody_else_wants(
    engine: Running, tmp_path: Path
) -> None:
    asked = {
        "model": "sightdesk",
        "stream": True,
        "messages": [picture_message("hi", data_url(drawn(1)))],
    }
    with slow_reader(5.0) as reader, desk_with(engine, tmp_path, reader.url, 30) as gateway:
        connection = ask(gateway.url, asked)
        until(lambda: reader.asked_at)
        time.sleep(0.2)
        left = time.monotonic()
        connection.close()
        until(lambda: reader.left_at)
        assert reader.left_at[0] - left < 2
        upload(gateway, OWNERS[0], drawn(1))
        connection = ask(gateway.url, asked)
        until(lambda: len(reader.asked_at) == 2)
        connection.close()
        time.sleep(1)
        assert len(reader.left_at) == 1, "the upload is still to be read"


def test_before_lite_a_question_waits_for_its_reading_outside_of_the_engine(tmp_path: Path) -> None:
    """READER_TIMEOUT ends before the picture is read, while the engine has a free place."""
    with (
        running_lite() as lite,
        slow_reader(READS) as reader,
        running_gateway(
            lite.url,
            tmp_path,
            READER_URL=reader.url,
            READER_TIMEOUT="0.1",
            MAX_CONCURRENT="1",
            API_KEYS=KEYS,
        ) as gateway,
        ThreadPoolExecutor(1) as pool,
    ):
        wait_for(gateway.url + "/readyz")
        waiting = pool.submit(told_by, gateway, OWNERS[0], drawn(1))
        until(lambda: reader.asked_at)
        text: dict[str, Any] = {
            "model": "sightdesk",
            "messages": [{"role": "user", "content": "hi"}],
        }
        url = gateway.url + "/v1/chat/completions"
        assert (
            seconds_of(lambda: requests.post(url, json=text, headers=key_of(OWNERS[1]), timeout=30))
            < READS - 0.5
        )
        assert not waiting.done()
        (reading,) = next(extras["reading"] for extras in waiting.result() if "reading" in extras)
        assert reading["lines"][0]["text"] == "E42"


def test_before_lite_a_long_picture_is_waited_for_until_it_is_read_as_a_whole(
    tmp_path: Path,
) -> None:
    made = io.BytesIO()
    Image.linear_gradient("L").resize((600, 4000)).save(made, "PNG")  # tiles that differ
    with (
        running_lite() as lite,
        slow_reader(0.5) as reader,
        running_gateway(
            lite.url,
            tmp_path,
            READER_URL=reader.url,
            EMBEDDING_URL="",
            READER_TIMEOUT="0.1",
            API_KEYS=KEYS,
        ) as gateway,
    ):
        wait_for(gateway.url + "/readyz")
        told = told_by(gateway, OWNERS[0], made.getvalue())
        readings = [extras["reading"][0] for extras in told if "reading" in extras]
        assert len(reader.asked_at) >= 2
        assert [one["partial"] for one in readings] == [True] * (len(readings) - 1) + [False]
        assert len(readings) == len(reader.asked_at), "each part is told once it is read"

"""What the pictures of one request share: context tokens, memory and time."""

import asyncio
import io
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from PIL import Image

from gateway.chat.engine_request import EngineInput, engine_request
from gateway.errors import QueueFull, RequestTimeout
from gateway.media import attachment_loader
from gateway.media.attachment_loader import AttachmentLoader
from gateway.media.attachment_notes import NOT_READ
from gateway.media.attachments import Attachments
from gateway.media.image_processor import ImageProcessor
from gateway.media.limits import MediaLimits
from gateway.media.ocr_client import OCRClient
from gateway.media.ocr_memory import WAITING_BYTES, WAITING_BYTES_PER_OWNER
from gateway.media.ocr_scan import OCRScan
from gateway.media.picture import Picture
from gateway.media.reading_wait import ReadingWait
from gateway.observability.metrics import Metrics
from gateway.openai.chat_request import ChatRequest
from gateway.storage.file_store import FileStore
from gateway.upstream.breaker import Breaker
from gateway.upstream.upstream import LITE_MODEL, Upstream
from tests.support.http_client import metric, state
from tests.support.pictures import encoded, noisy_pdf, pdf
from tests.support.screens import data_url
from tests.support.servers import Running, running_gateway, wait_for

MIB = 1024 * 1024
WHO = {"authorization": "Bearer sk-shop"}


@dataclass
class Stub:
    """A reader on a real port: every picture reads its own number, counted as they come."""

    url: str = ""
    read: list[bytes] = field(default_factory=list)
    goes_on: threading.Event = field(default_factory=threading.Event)


@contextmanager
def reading() -> Iterator[Stub]:
    stub = Stub()
    stub.goes_on.set()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            stub.read.append(self.rfile.read(int(self.headers["content-length"])))
            stub.goes_on.wait(30)
            line = {"text": f"picture {len(stub.read)}", "box": [0, 0, 9, 9], "confidence": 1.0}
            body = json.dumps({"width": 9, "height": 9, "lines": [line], "fields": []}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        stub.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield stub
        stub.goes_on.set()
        server.shutdown()


@pytest.fixture
def reader() -> Iterator[Stub]:
    with reading() as stub:
        yield stub


@contextmanager
def gathering(folder: Path, reader_url: str, tokens: int = 16_384) -> Iterator[AttachmentLoader]:
    client, image_processor = (
        OCRClient(reader_url),
        ImageProcessor(MediaLimits(), Metrics("0", "lite")),
    )
    yield AttachmentLoader(image_processor, FileStore(folder), client, 8, tokens)
    image_processor.close()
    client.close()


def image(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def conversation(*messages: list[dict[str, Any]], model: str = "fake-vl") -> dict[str, Any]:
    asked = {"type": "text", "text": "What is this?"}
    return {
        "model": model,
        "messages": [{"role": "user", "content": [asked, *parts]} for parts in messages],
    }


def screens(count: int) -> list[dict[str, Any]]:
    """Each another picture of 42 tokens."""
    return [image(data_url(encoded("PNG", (256, 128 + number)))) for number in range(count)]


def in_fives(parts: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    return [parts[start : start + 5] for start in range(0, len(parts), 5)]


async def gathered(
    attachment_loader: AttachmentLoader,
    body: dict[str, Any],
    reads_all: bool = False,
    wait: float = 20.0,
) -> Attachments:
    return await attachment_loader.load(
        ChatRequest.model_validate(body), "shop", ReadingWait("shop", wait), reads_all
    )


async def test_the_oldest_pictures_become_their_readings_and_the_newest_16_are_the_engines(
    tmp_path: Path, reader: Stub
) -> None:
    with gathering(tmp_path, reader.url) as loader:
        attachments = await gathered(loader, conversation(*in_fives(screens(20))))
    assert sum(map(len, attachments.fitted.values())) == 16
    assert list(attachments.notes) == [(0, 4), (0, 3), (0, 2), (0, 1)] or sorted(
        attachments.notes
    ) == [(0, n) for n in (1, 2, 3, 4)]
    assert all("it reads:\npicture" in note for note in attachments.notes.values())
    assert len(reader.read) == 4, "a raw engine reads for itself what it gets"
    assert not any(shot.fitted for shot in attachments.items if shot.reading is not None)
    assert [reading["image"] for reading in attachments.readings] == [
        "image-1",
        "image-2",
        "image-3",
        "image-4",
    ]


async def test_the_assistant_reads_every_picture(tmp_path: Path, reader: Stub) -> None:
    with gathering(tmp_path, reader.url) as loader:
        attachments = await gathered(loader, conversation(*in_fives(screens(20))), reads_all=True)
    assert len(reader.read) == 20
    assert sum(bool(shot.fitted) for shot in attachments.items) == 16
    assert [reading["image"] for reading in attachments.readings] == [
        f"image-{number}" for number in range(1, 21)
    ]


async def test_older_pictures_shrink_before_they_are_left_out(tmp_path: Path, reader: Stub) -> None:
    photos = [image(data_url(encoded("JPEG", (1024, 1024 + 32 * number)))) for number in range(3)]
    with gathering(tmp_path, reader.url, tokens=2000) as loader:
        attachments = await gathered(loader, conversation(photos))
    assert list(attachments.fitted) == [(0, 2), (0, 3)]
    assert attachments.fitted[0, 3][0].height == 1088
    assert attachments.fitted[0, 2][0].height < 1056
    assert sum(picture.tokens for shot in attachments.items for picture in shot.fitted) <= 2000 + 60
    assert list(attachments.notes) == [(0, 1)]


async def test_a_picture_that_was_read_before_is_read_and_made_ready_no_more(
    tmp_path: Path, reader: Stub
) -> None:
    body = json.dumps(conversation(*in_fives(screens(20))))
    with gathering(tmp_path, reader.url) as loader:
        first = await gathered(loader, json.loads(body))
        loader.image_processor._cache.clear()
        prepared = loader.image_processor.prepare
        made: list[bytes] = []

        async def counted(data: bytes, owner: str = "") -> list[Picture]:
            made.append(data)
            return await prepared(data, owner)

        loader.image_processor.prepare = counted  # type: ignore[method-assign]  # it calls the real one
        again = await gathered(loader, json.loads(body))
    assert again.notes == first.notes
    assert len(made) == 16
    assert len(reader.read) == 4


async def test_a_document_that_keeps_everybody_waiting_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = data_url(pdf(8, content=b"q " + b"0 0 1 1 re f " * 2_000_000), "application/pdf")
    monkeypatch.setattr(attachment_loader, "MEDIA_SECONDS", 0.5)
    with gathering(tmp_path, "") as loader, pytest.raises(RequestTimeout, match=r"0\.5 s"):
        await gathered(loader, conversation([image(endless)]))


async def test_an_earlier_document_that_takes_too_long_is_left_out(
    tmp_path: Path, reader: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = data_url(pdf(8, content=b"q " + b"0 0 1 1 re f " * 2_000_000), "application/pdf")
    monkeypatch.setattr(attachment_loader, "EARLIER_SECONDS", 0.5)
    with gathering(tmp_path, reader.url, tokens=40) as loader:
        attachments = await gathered(loader, conversation([image(endless)], screens(2)))
    assert attachments.notes[0, 1] == NOT_READ
    assert "picture" in attachments.notes[1, 1]


async def test_what_waits_for_the_reader_is_bounded(reader: Stub) -> None:
    """Uploads are read by OCR in advance. A hundred large ones are not all kept in memory while
    they wait for a slow OCR engine."""
    reader.goes_on.clear()
    client = OCRClient(reader.url)

    def begun(owner: str, number: int) -> OCRScan | None:
        return client.start(Picture(bytes(9 * MIB), "image/png", 9, 9, f"{owner}-{number}"), owner)

    scans = [begun("one", number) for number in range(WAITING_BYTES_PER_OWNER // (9 * MIB))]
    with pytest.raises(QueueFull) as refused:
        begun("one", 100)
    assert refused.value.details["limit"] == WAITING_BYTES_PER_OWNER
    scans += [
        begun(f"other{number}", 0) for number in range(WAITING_BYTES // (9 * MIB) - len(scans))
    ]
    with pytest.raises(QueueFull) as refused:
        begun("last", 0)
    assert refused.value.details["limit"] == WAITING_BYTES
    reader.goes_on.set()
    while not all(scan is not None and scan.is_done for scan in scans):
        await asyncio.sleep(0.02)
    assert begun("one", 100) is not None
    client.close()


@contextmanager
def highest_resident(process: psutil.Process) -> Iterator[list[int]]:
    """Bytes, looked at every 5 ms."""
    seen, done = [process.memory_info().rss], threading.Event()

    def look() -> None:
        while not done.wait(0.005):
            seen[0] = max(seen[0], process.memory_info().rss)

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        yield seen
        done.set()
        looking.result()


def test_a_document_named_in_every_message_is_rendered_once_and_not_held(
    engine: Running, reader: Stub, tmp_path: Path
) -> None:
    """Eight pages of noise, named 200 times, would take gigabytes: a question of 30 KB could
    crash the gateway."""
    settings = {"ENGINE": "cpu", "API_KEYS": "shop:sk-shop", "READER_URL": reader.url}
    with running_gateway(engine.url, tmp_path, **settings) as gateway:
        wait_for(gateway.url + "/readyz")
        files = {"file": ("scan.pdf", noisy_pdf(8))}
        file_id = requests.post(
            gateway.url + "/v1/files", headers=WHO, files=files, timeout=60
        ).json()["id"]
        named = {"type": "file", "file": {"file_id": file_id}}
        before, rendered = (
            psutil.Process(gateway.process.pid).memory_info().rss,
            pictures_made(gateway),
        )
        with highest_resident(psutil.Process(gateway.process.pid)) as highest:
            body = conversation(*[[named]] * 40)
            answer = requests.post(
                gateway.url + "/v1/chat/completions", headers=WHO, json=body, timeout=120
            )
        assert answer.status_code == 200, answer.text
        assert pictures_made(gateway) - rendered == 8
        assert highest[0] - before < 100 * MIB
        sent = state(engine)["bodies"][-1]["messages"]
        assert sum(map(len, pictures_by_message(sent))) == 2, (
            "4,096 tokens are a page and what is left of a second one"
        )


def pictures_made(gateway: Running) -> float:
    return metric(gateway, "sightdesk_images_total", outcome="ok")


def pictures_by_message(messages: list[dict[str, Any]]) -> list[list[Any]]:
    contents = [message["content"] for message in messages if isinstance(message["content"], list)]
    return [[part for part in content if part["type"] == "image_url"] for content in contents]


@pytest.mark.parametrize("assistant", [True, False])
async def test_lite_too_gets_sixteen_pictures_and_as_many_readings(
    tmp_path: Path, reader: Stub, assistant: bool
) -> None:
    body = conversation(*in_fives(screens(20)), model=LITE_MODEL)
    lite = Upstream("engine-1", reader.url, LITE_MODEL, 32_768, Breaker(5, 15.0), 4)
    with gathering(tmp_path, reader.url) as loader:
        attachments = await gathered(loader, body, reads_all=True)
    request = ChatRequest.model_validate(body)
    sent = engine_request(EngineInput(request, attachments, assistant), lite).content
    assert sum(map(len, pictures_by_message(sent["messages"]))) == 16
    assert "it reads:" in str(sent["messages"][0])
    if assistant:
        assert len(sent["sightdesk"]["readings"]) == 16


async def test_what_is_read_is_told_while_the_question_waits_for_the_rest(
    reader: Stub, tmp_path: Path
) -> None:
    made = io.BytesIO()
    Image.linear_gradient("L").resize((600, 4000)).save(made, "PNG")  # tiles that differ
    told: list[list[dict[str, Any]]] = []

    async def on_part(readings: list[dict[str, Any]]) -> None:
        told.append(readings)

    request = ChatRequest.model_validate(conversation([image(data_url(made.getvalue()))]))
    with gathering(tmp_path, reader.url) as loader:
        wait = ReadingWait("a", 0.0, 20.0)
        attachments = await loader.load(request, "a", wait, True, on_part)
    (whole,) = attachments.readings
    assert whole["partial"] is False
    assert len(reader.read) >= 2
    assert [part["partial"] for (part,) in told] == [True] * (len(reader.read) - 1)

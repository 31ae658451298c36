"""Media workers: what they may spend, how they are replaced, and the order of their jobs."""

import asyncio
import functools
import json
import os
import re
import signal
import socket
import time
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from gateway.errors import ImageTooLarge, InternalError, InvalidImage, QueueFull
from gateway.media import worker_process
from gateway.media import workers as pool
from gateway.media.limits import MIB, MediaLimits
from gateway.media.picture import Picture, digest
from gateway.media.raster import prepare_image
from gateway.media.worker_job import Job, result_head
from gateway.media.workers import Workers
from tests.support.http_client import until
from tests.support.pictures import block, encoded, noisy_pdf, pdf, png
from tests.support.screens import data_url
from tests.support.servers import Running

LIMITS = MediaLimits()


@functools.cache
def rectangles() -> bytes:
    """A PDF: seconds of work in 60 KB."""
    return pdf(8, content=b"q " + b"0 0 1 1 re f " * 2_000_000)


def image(data: bytes, limits: MediaLimits = LIMITS, kind: str = "image/png") -> Job:
    return Job("image", data, limits, kind)


def document(data: bytes, limits: MediaLimits = LIMITS) -> Job:
    return Job("pdf", data, limits, "application/pdf")


SMALL = image(png(64, 64))
BOMB = zlib.compress(b"a" * 40_000_000, 9)


@asynccontextmanager
async def working(limits: MediaLimits = LIMITS, at_once: int = 2) -> AsyncIterator[Workers]:
    workers = Workers(limits, at_once)
    yield workers
    workers.close()


def running() -> list[psutil.Process]:
    return workers_of(psutil.Process())


def workers_of(parent: psutil.Process) -> list[psutil.Process]:
    found = []
    for child in parent.children():
        try:
            if "gateway.media.worker" in child.cmdline():
                found.append(child)
        except psutil.Error:  # it has just ended
            continue
    return found


async def until_busy() -> psutil.Process:
    """The worker that computes."""
    while not (busy := [one for one in running() if one.cpu_times().user > 0.5]):
        await asyncio.sleep(0.02)
    return busy[0]


async def test_a_picture_is_made_as_in_this_process() -> None:
    data = encoded("PNG")
    async with working() as workers:
        assert await workers.work(image(data), "a") == prepare_image(data, "image/png", LIMITS)


async def test_a_worker_is_used_again_but_not_after_a_document_or_an_error() -> None:
    async with working(at_once=1) as workers:
        await workers.work(SMALL, "a")
        (first,) = running()
        await workers.work(SMALL, "a")
        assert [one.pid for one in running()] == [first.pid]
        await workers.work(document(pdf(1)), "a")
        await workers.work(SMALL, "a")
        (second,) = running()
        assert second.pid != first.pid
        with pytest.raises(InvalidImage):
            await workers.work(image(png(64, 64)[:40]), "a")
        await workers.work(SMALL, "a")
        assert [one.pid for one in running()] != [second.pid]


async def test_a_worker_is_replaced_after_so_many_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_process, "MAX_JOBS", 2)
    seen = set()
    async with working(at_once=1) as workers:
        for _ in range(4):
            await workers.work(SMALL, "a")
            seen |= {one.pid for one in running()}
    assert len(seen) >= 2


@pytest.mark.parametrize("seconds", [0.05, 1.0])
async def test_a_document_that_never_ends_is_ended_and_nobody_else_notices(seconds: float) -> None:
    """By the clock, and by the kernel's count of CPU seconds."""
    async with working() as workers:
        started = time.monotonic()
        endless = asyncio.create_task(
            workers.work(document(rectangles(), MediaLimits(pdf_seconds=seconds)), "a")
        )
        await workers.work(SMALL, "b")
        with pytest.raises(InvalidImage, match=r"longer than .* s") as told:
            await endless
        assert time.monotonic() - started < 20
        assert told.value.details == {"limit": seconds, "name": "seconds"}
        await workers.work(SMALL, "a")


@pytest.mark.parametrize(
    "job",
    [
        image(png(7000, 7000, pixels=b"\0" * (7000 * 21_001)), MediaLimits(memory_bytes=8 * MIB)),
        document(pdf(1, content=b" " * 600_000_000), MediaLimits(memory_bytes=256 * MIB)),
    ],
    ids=["picture", "document"],
)
async def test_what_needs_more_memory_than_a_worker_has_is_refused_by_its_bound(job: Job) -> None:
    async with working() as workers:
        with pytest.raises(InvalidImage, match="MiB of memory") as told:
            await workers.work(job, "a")
        assert told.value.details == {"limit": job.limits.memory_bytes, "name": "memory_bytes"}
        await workers.work(SMALL, "a")


async def test_a_result_that_is_too_large_is_refused_with_both_numbers() -> None:
    async with working() as workers:
        with pytest.raises(ImageTooLarge) as told:
            await workers.work(image(encoded("PNG"), MediaLimits(result_bytes=100)), "a")
    assert told.value.details["limit"] == 100
    assert told.value.details["size"] > 100


async def test_the_worker_of_a_request_that_ended_is_free_within_half_a_second() -> None:
    async with working(at_once=1) as workers:
        asked = asyncio.create_task(workers.work(document(rectangles()), "a"))
        busy = await until_busy()
        waiting = asyncio.create_task(workers.work(SMALL, "b"))
        await asyncio.sleep(0.05)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        busy.wait(0.5)
        await waiting


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/api/files"])
def test_a_client_that_leaves_frees_its_worker_within_half_a_second(
    gateway: Running, path: str
) -> None:
    desk = psutil.Process(gateway.process.pid)
    data, headers = (
        upload_of(rectangles() + b"%" + path.encode())
        if path == "/api/files"
        else question_of(rectangles())
    )
    where = urlsplit(gateway.url)
    with socket.create_connection((where.hostname, where.port), 20) as connection:
        head = f"POST {path} HTTP/1.1\r\nhost: {where.netloc}\r\n{headers}content-length: {len(data)}\r\n\r\n"
        connection.sendall(head.encode() + data)
        until(lambda: any(one.cpu_times().user > 0.5 for one in workers_of(desk)))
        (busy,) = [one for one in workers_of(desk) if one.cpu_times().user > 0.5]
    busy.wait(0.5)


def upload_of(data: bytes) -> tuple[bytes, str]:
    part = (
        b'--x\r\ncontent-disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
        + data
        + b"\r\n--x--\r\n"
    )
    return part, "content-type: multipart/form-data; boundary=x\r\n"


def question_of(data: bytes) -> tuple[bytes, str]:
    part = {
        "type": "file",
        "file": {"file_data": data_url(data, "application/pdf"), "filename": "a.pdf"},
    }
    body = {"model": "fake-vl", "messages": [{"role": "user", "content": [part]}]}
    return json.dumps(body).encode(), "content-type: application/json\r\n"


async def test_what_waits_for_a_request_that_ended_is_dropped() -> None:
    async with working(at_once=1) as workers:
        first = asyncio.create_task(workers.work(document(rectangles()), "a"))
        await until_busy()
        second = asyncio.create_task(workers.work(document(rectangles()), "a"))
        await asyncio.sleep(0.05)
        second.cancel()
        first.cancel()
        await asyncio.gather(first, second, return_exceptions=True)
        started = time.monotonic()
        await workers.work(SMALL, "b")
        assert time.monotonic() - started < 5


async def test_workers_go_round_by_owner() -> None:
    done: list[str] = []

    async def asks(workers: Workers, owner: str) -> None:
        await workers.work(SMALL, owner)
        done.append(owner)

    async with working(at_once=1) as workers:
        await asyncio.gather(*(asks(workers, owner) for owner in ["a"] * 12 + ["b"]))
    assert done.index("b") <= 2


async def test_one_owner_has_a_bound_and_is_told_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "WAITING_PER_OWNER", 3)
    async with working(at_once=1) as workers:
        answers = await asyncio.gather(
            *(workers.work(SMALL, "a") for _ in range(6)), return_exceptions=True
        )
        refused = [answer for answer in answers if isinstance(answer, QueueFull)]
        assert len(refused) == 2
        assert (refused[0].status, refused[0].details["limit"]) == (429, 3)


@pytest.mark.parametrize("at_once", [1, 3])
async def test_no_more_is_decoded_at_once_than_there_are_workers(at_once: int) -> None:
    async with working(at_once=at_once) as workers:
        asked = [
            asyncio.create_task(workers.work(image(encoded("PNG", (300, 200 + number))), ""))
            for number in range(12)
        ]
        most = 0
        while not all(one.done() for one in asked):
            most = max(most, len(running()))
            await asyncio.sleep(0.005)
        await asyncio.gather(*asked)
    assert 1 <= most <= at_once + 1, "one of them may be just ending"


async def test_a_worker_that_dies_in_the_middle_is_no_shorter_document() -> None:
    """Two pages of eight and a 200 would be an answer about a contract without its end."""
    async with working() as workers:
        asked = asyncio.create_task(workers.work(document(noisy_pdf(8)), "a"))
        os.kill((await until_busy()).pid, signal.SIGKILL)
        with pytest.raises(InvalidImage):
            await asked


async def test_an_idle_worker_that_was_killed_is_nobodys_error() -> None:
    async with working(at_once=1) as workers:
        await workers.work(SMALL, "a")
        (idle,) = running()
        idle.kill()
        # Until all of its threads have ended: it is a zombie before.
        await asyncio.to_thread(os.waitid, os.P_PID, idle.pid, os.WEXITED | os.WNOWAIT)
        await workers.work(SMALL, "a")


async def test_no_worker_is_left_when_the_gateway_stops() -> None:
    async with working() as workers:
        await workers.work(SMALL, "a")
    for _ in range(100):
        if not running():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(running())


async def test_a_worker_is_confined_and_has_none_of_our_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("API_KEYS", "shop:sk-shop")
    async with working(at_once=1) as workers:
        await workers.work(SMALL, "a")
        seen = Path(f"/proc/{running()[0].pid}")
        assert (seen / "environ").read_bytes() == b""
        assert "Seccomp:\t2" in (seen / "status").read_text("ascii")
        limits = (seen / "limits").read_text("ascii")
        assert re.search(r"Max file size +0 +0 ", limits)
        assert (seen / "oom_score_adj").read_text("ascii") == "1000\n"
        assert re.search(r"Max open files +64 +64 ", limits)
        assert re.search(r"Max cpu time +\d+ +3600 ", limits)
        (most,) = re.findall(r"Max address space +\d+ +(\d+) ", limits)
        assert int(most) < LIMITS.memory_bytes + LIMITS.max_bytes + 400 * MIB


async def test_a_worker_that_cannot_start_is_not_the_pictures_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    async with working() as workers:
        with pytest.raises(InternalError):
            await workers.work(SMALL, "a")


LIE = result_head([replace(Picture(b"x", "image/png", 1, 1, ""), data=b"xyz")])


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"pictures": []},
        {"error": "internal_error", "message": "", "details": {}},
        {"pictures": [{**LIE["pictures"][0], "content_type": "text/html"}]},
        {"pictures": [{**LIE["pictures"][0], "bytes": 4}]},
        {"pictures": [{**LIE["pictures"][0], "bytes": -1}]},
        {"pictures": [{**LIE["pictures"][0], "origin": "ab"}]},
    ],
)
async def test_nonsense_from_a_worker_is_not_believed(
    answer: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever finds a way into a worker must find none from there into the gateway."""
    monkeypatch.setattr(
        "gateway.media.worker_protocol.receive", lambda *_: (answer, bytearray(b"xyz"))
    )
    async with working() as workers:
        with pytest.raises(InternalError):
            await workers.work(SMALL, "a")


async def test_a_pictures_digest_is_made_in_the_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readings are remembered by it."""
    told_wrongly = {"pictures": [{**LIE["pictures"][0], "sha256": "of another picture"}]}
    monkeypatch.setattr(
        "gateway.media.worker_protocol.receive", lambda *_: (told_wrongly, bytearray(b"xyz"))
    )
    async with working() as workers:
        (picture,) = await workers.work(SMALL, "a")
    assert picture.sha256 == digest(b"xyz")


@pytest.mark.parametrize("name", [b"zTXt", b"iTXt"])
async def test_texts_that_unpack_are_never_unpacked(name: bytes) -> None:
    """A picture of 311 KB took 1.4 GB, one of 5 MB 14 GB and two minutes."""
    bomb = block(name, b"k\0" + (b"\0" if name == b"zTXt" else b"\1\0\0\0") + BOMB)
    async with working(at_once=1) as workers:
        await workers.work(SMALL, "a")
        await workers.work(image(png(64, 64, *[bomb] * 8)), "a")
        (worker,) = running()
        peak = int(
            re.findall(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{worker.pid}/status").read_text("ascii"))[
                0
            ]
        )
        assert peak < 150 * 1024

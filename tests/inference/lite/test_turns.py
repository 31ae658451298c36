"""The OCR queue: owners in turn, in slices, each picture once, nothing for callers that left."""

import io
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image, ImageDraw, ImageFont

from tests.support.disconnects import ask
from tests.support.lite_client import wait_for_embedding
from tests.support.screens import data_url, picture_message
from tests.support.servers import Running, running_lite, wait_until

IDLE_CPU_SECONDS = 0.3  # of two: what is read takes both cores


def text_picture(lines: int, seed: int, columns: int = 1) -> bytes:
    """Lines that a reader has to read one by one."""
    letters = random.Random(seed)
    image = Image.new("RGB", (300 * columns, 40 + 22 * lines), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size=15)
    for line in range(lines):
        for column in range(columns):
            word = "".join(letters.choice("abcdefghkmnprstuvwxyz23456789") for _ in range(20))
            draw.text((15 + 300 * column, 20 + 22 * line), word, fill="black", font=font)
    made = io.BytesIO()
    image.save(made, "PNG")
    return made.getvalue()


def read(lite: Running, picture: bytes, owner: str) -> float:
    """When it was read."""
    headers = {"content-type": "image/png", "x-owner": owner}
    assert requests.post(lite.url + "/v1/read", data=picture, headers=headers, timeout=110).ok
    return time.monotonic()


def ask_about(lite: Running, *pictures: bytes, owner: str) -> float:
    """The raw model, which reads for itself; when it answered."""
    message: Any = picture_message("what is it?", *map(data_url, pictures))
    body = {"model": "sightdesk-lite", "messages": [message]}
    headers = {"x-owner": owner}
    assert requests.post(
        lite.url + "/v1/chat/completions", json=body, headers=headers, timeout=110
    ).ok
    return time.monotonic()


def cpu_seconds(lite: Running) -> float:
    fields = Path(f"/proc/{lite.process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def begins_to_read(lite: Running, start: Callable[[], Any]) -> Any:
    before = cpu_seconds(lite)
    made = start()
    wait_until(lambda: cpu_seconds(lite) - before > 0.3, 60)
    return made


@pytest.mark.parametrize(("asked", "seed"), [(read, 10), (ask_about, 20)])
def test_anothers_small_picture_passes_the_dense_ones(
    lite: Running, asked: Callable[..., float], seed: int
) -> None:
    read(lite, text_picture(3, 1), "warm")
    dense = [text_picture(20, seed + number, 3) for number in range(2)]
    with ThreadPoolExecutor(3) as pool:
        begun = begins_to_read(
            lite, lambda: [pool.submit(asked, lite, one, owner="busy") for one in dense]
        )
        small = asked(lite, text_picture(2, seed + 2), owner="other")
        assert small < max(one.result() for one in begun)


def test_a_picture_that_waits_behind_others_is_read_in_the_turn_of_whoever_else_asks(
    lite: Running,
) -> None:
    read(lite, text_picture(3, 1), "warm")
    dense, shared = [text_picture(20, seed, 3) for seed in (30, 31)], text_picture(2, 32)
    with ThreadPoolExecutor(4) as pool:
        begun = begins_to_read(
            lite, lambda: [pool.submit(read, lite, one, "busy") for one in dense]
        )
        waits = pool.submit(read, lite, shared, "busy")
        time.sleep(0.1)
        read(lite, shared, "other")
        assert waits.result() < max(one.result() for one in begun)


@pytest.mark.parametrize("path", ["/v1/read", "/v1/chat/completions"])
def test_a_reading_ends_when_its_asker_leaves(path: str) -> None:
    url = data_url(text_picture(60, 50, 5))
    body: dict[str, Any] = {"image": url}
    if path != "/v1/read":
        body = {"model": "sightdesk-lite", "messages": [picture_message("what is it?", url)]}
    with running_lite() as lite:
        wait_for_embedding(lite)
        read(lite, text_picture(3, 1), "warm")
        begins_to_read(lite, lambda: ask(lite.url, body, path)).close()
        time.sleep(0.5)
        before = cpu_seconds(lite)
        time.sleep(1)
        assert cpu_seconds(lite) - before < IDLE_CPU_SECONDS
        read(lite, text_picture(3, 51), "next")


def test_a_reading_goes_on_while_another_wants_it(lite: Running) -> None:
    picture = text_picture(20, 40, 3)
    with ThreadPoolExecutor(1) as pool:
        left = begins_to_read(lite, lambda: ask(lite.url, {"image": data_url(picture)}, "/v1/read"))
        stays = pool.submit(read, lite, picture, "other")
        time.sleep(0.1)
        left.close()
        stays.result()
    started = time.monotonic()
    assert read(lite, picture, "third") - started < 1, "it is remembered"

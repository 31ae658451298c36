"""Times and memory of a desk with `lite` on this machine."""

import base64
import io
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil
import requests
from PIL import Image, ImageDraw

from tests.support.paths import SCREENS
from tests.support.servers import Running, running_desk
from tests.support.vectors import wait_for_vectors

RUNS = 5
TEXT_RUNS = 100
QUESTIONS = (
    "退货流程是什么?",
    "多少钱包邮?",
    "发票抬头写错了怎么改",
    "When does my refund arrive?",
)

Row = tuple[str, str, str]  # measure, figure, bound


def rows() -> list[Row]:
    """Starts a desk and measures it."""
    started = time.perf_counter()
    with running_desk() as desk:
        made = [seconds("ready, both processes", time.perf_counter() - started, 5.0)]
        wait_for_vectors(desk.url)
        made.append(("memory before the first picture, MB", f"{memory():.0f}", "≤ 900"))
        ask(desk, "?", fresh_copy("login-spinner", 99))
        firsts, wholes = text_questions(desk)
        made += [
            seconds("text: first token, p50", quantile(firsts, 0.5), 0.030),
            seconds("text: first token, p99", quantile(firsts, 0.99), 0.080),
            seconds("text: whole answer, p50", quantile(wholes, 0.5), 0.8),
        ]
        fresh, again = screenshot(desk)
        made += [
            seconds("screenshot 1366×768, new: whole answer", fresh, 0.6),
            seconds("the same screenshot again", again, 0.3),
            seconds("two A4 contract pages compared", compare(desk), 2.9),
            seconds("three at once, one with a screenshot: mean", three_at_once(desk), 1.5),
            ("memory after that, MB", f"{memory():.0f}", "≤ 1,100"),
        ]
    return made


def seconds(measure: str, figure: float, bound: float) -> Row:
    return (measure + ", s", f"{figure:.3f}", f"≤ {bound:g}")


def quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def ask(desk: Running, question: str, *pictures: bytes) -> float:
    parts: list[object] = [{"type": "text", "text": question}]
    for data in pictures:
        url = "data:image/png;base64," + base64.b64encode(data).decode()
        parts.append({"type": "image_url", "image_url": {"url": url}})
    body: dict[str, Any] = {"model": "sightdesk", "messages": [{"role": "user", "content": parts}]}
    started = time.perf_counter()
    requests.post(desk.url + "/v1/chat/completions", json=body, timeout=60).raise_for_status()
    return time.perf_counter() - started


def text_questions(desk: Running) -> tuple[list[float], list[float]]:
    """Seconds to the first token and to the end, of each question."""
    firsts, wholes = [], []
    for number in range(TEXT_RUNS):
        body: dict[str, Any] = {
            "model": "sightdesk",
            "stream": True,
            "messages": [{"role": "user", "content": QUESTIONS[number % len(QUESTIONS)]}],
        }
        started = time.perf_counter()
        with requests.post(
            desk.url + "/v1/chat/completions", json=body, stream=True, timeout=60
        ) as answer:
            first = None
            for line in answer.iter_lines():
                if first is None and line.startswith(b"data: {") and has_text(line):
                    first = time.perf_counter() - started
        wholes.append(time.perf_counter() - started)
        firsts.append(wholes[-1] if first is None else first)
    return firsts, wholes


def has_text(line: bytes) -> bool:
    return b'"content":"' in line and b'"content":""' not in line


def fresh_copy(name: str, number: int) -> bytes:
    """A screenshot that differs in one pixel, so no cached reading fits it."""
    image = Image.open(SCREENS / f"{name}.png").convert("RGB")
    ImageDraw.Draw(image).point((number, 0), (number, 0, 0))
    made = io.BytesIO()
    image.save(made, "PNG")
    return made.getvalue()


def screenshot(desk: Running) -> tuple[float, float]:
    pictures = [fresh_copy("waybill", number) for number in range(RUNS)]
    fresh = [ask(desk, "运单号是多少?", picture) for picture in pictures]
    again = [ask(desk, "运单号是多少?", picture) for picture in pictures]
    return statistics.median(fresh), statistics.median(again)


def compare(desk: Running) -> float:
    def once(number: int) -> float:
        return ask(
            desk,
            "这两份合同有什么不同?",
            fresh_copy("contract-v1", number),
            fresh_copy("contract-v2", number),
        )

    return statistics.median(once(number) for number in range(RUNS))


def three_at_once(desk: Running) -> float:
    times = []
    with ThreadPoolExecutor(3) as pool:
        for number in range(RUNS):
            jobs = [
                pool.submit(ask, desk, "退货流程是什么?"),
                pool.submit(ask, desk, "多少钱包邮?"),
                pool.submit(
                    ask, desk, "错误代码是什么?怎么办?", fresh_copy("browser-error", number)
                ),
            ]
            times.append(statistics.mean(job.result() for job in jobs))
    return statistics.median(times)


def memory() -> float:
    """Resident megabytes of the desk's processes, which are our children."""
    members = psutil.Process().children(recursive=True)
    return float(sum(process.memory_info().rss for process in members)) / 1e6

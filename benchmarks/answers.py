"""`make bench`: times, memory and start of the gateway with `lite` on this machine."""

import base64
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import requests
from PIL import Image, ImageDraw

from tests.support.servers import Running, running_desk

SCREENS = Path(__file__).parents[1] / "examples" / "screens"
RUNS = 5


def main() -> None:
    started = time.perf_counter()
    with running_desk() as desk:
        ready = time.perf_counter() - started
        wait_for_reader(desk)
        rows = [("ready, both processes", ready, 5.0)]
        first, whole = text_question(desk)
        rows += [("text: first token", first, 0.15), ("text: whole answer", whole, 0.8)]
        fresh, again = screenshot(desk)
        rows += [
            ("screenshot 1366×768, new", fresh, 1.4),
            ("the same screenshot again", again, 0.3),
        ]
        rows += [("two A4 contract pages compared", compare(desk), 2.9)]
        rows += [("three at once, one with a screenshot: mean", three_at_once(desk), 1.5)]
        print(f"| measure (median of {RUNS}) | seconds | to reach |\n| --- | ---: | ---: |")
        for name, seconds, target in rows:
            print(f"| {name} | {seconds:.3f} | ≤ {target:g} |")
        print(f"| resident memory, gateway and lite, MB | {memory(desk):.0f} | ≤ 900 |")


def ask(desk: Running, question: str, *pictures: bytes) -> float:
    parts: list[object] = [{"type": "text", "text": question}]
    for data in pictures:
        url = "data:image/png;base64," + base64.b64encode(data).decode()
        parts.append({"type": "image_url", "image_url": {"url": url}})
    body: dict[str, Any] = {"model": "sightdesk", "messages": [{"role": "user", "content": parts}]}
    started = time.perf_counter()
    requests.post(desk.url + "/v1/chat/completions", json=body, timeout=60).raise_for_status()
    return time.perf_counter() - started


def wait_for_reader(desk: Running) -> None:
    ask(desk, "?", fresh_copy("login-spinner", 99))


def text_question(desk: Running) -> tuple[float, float]:
    firsts, wholes = [], []
    body: dict[str, Any] = {
        "model": "sightdesk",
        "stream": True,
        "messages": [{"role": "user", "content": "退货流程是什么?"}],
    }
    for _ in range(RUNS):
        started = time.perf_counter()
        with requests.post(
            desk.url + "/v1/chat/completions", json=body, stream=True, timeout=60
        ) as answer:
            first = None
            for line in answer.iter_lines():
                if first is None and line.startswith(b"data: {") and b'"content":""' not in line:
                    first = time.perf_counter() - started
        firsts.append(first or 0.0)
        wholes.append(time.perf_counter() - started)
    return statistics.median(firsts), statistics.median(wholes)


def fresh_copy(name: str, number: int) -> bytes:
    """A screenshot that differs in one pixel, so no cached reading fits it."""
    import io

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


def memory(desk: Running) -> float:
    parent = psutil.Process().children(recursive=True)
    return float(sum(process.memory_info().rss for process in parent)) / 1e6


if __name__ == "__main__":
    main()

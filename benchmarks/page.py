"""`make bench-page`: first paint, long conversations and streaming in Chromium.

The gateway serves the page, on loopback. The table goes to stdout and docs/performance.md.
"""

import json
import os
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, Page, Route, sync_playwright

from benchmarks import report
from tests.support.servers import Running, running_desk

RUNS = 5
TOKENS, TOKENS_PER_SECOND = 1000, 100
TEXT = (
    "根据《售后服务政策》第 3.2 条，**七天内**可以退货。\n\n1. 打开订单\n2. 选择“申请退货”\n3. 寄回商品\n\n"
    "| 情形 | 运费 |\n|---|---|\n| 质量问题 | 商家承担 |\n| 不想要了 | 买家承担 |\n\n> 以签收时间为准。\n\n`PAY-4031` 表示限额已满。\n\n"
)
TURNS = [
    {
        "id": f"t{n}",
        "role": "assistant" if n % 2 else "user",
        "text": TEXT if n % 2 else "怎么退货？",
        "state": "done",
    }
    for n in range(1000)
]
STREAM = """([text, tokens, rate]) => {
    const original = window.fetch;
    window.fetch = (path, init) => path !== "/api/chat" ? original(path, init) : new Response(new ReadableStream({
        start(controller) {
            const encoder = new TextEncoder(), started = performance.now();
            let sent = 0;
            const send = () => {
                const due = Math.min(tokens, Math.floor((performance.now() - started) / 1000 * rate));
                for (; sent < due; sent += 1) {
                    const content = text.slice((sent * 2) % text.length, (sent * 2) % text.length + 2);
                    controller.enqueue(encoder.encode(`data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\\n\\n`));
                }
                if (sent < tokens) return setTimeout(send, 1000 / rate);
                controller.enqueue(encoder.encode("data: [DONE]\\n\\n"));
                controller.close();
            };
            send();
        },
    }), { status: 200 });
}"""


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    figure: float
    target: float | None = None
    digits: int = 0

    def __str__(self) -> str:
        figure = f"{self.figure:,.{self.digits}f}"
        if self.target is None:
            return f"| {self.label} | {figure} |  |  |"
        judged = "reached" if self.figure <= self.target else "not reached"
        return f"| {self.label} | {figure} | ≤ {self.target:,.0f} | {judged} |"


def main() -> None:
    with running_desk() as desk, sync_playwright() as playwright:
        executable = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-quic"]
        )
        rows = [
            *weight(browser, desk),
            *first_paint(browser, desk),
            *long_conversation(browser, desk),
            *streaming(browser, desk),
        ]
        told = f"Chromium {browser.version}"
        browser.close()
    table = "\n".join(["| measure | | to reach | |", "| --- | ---: | --- | --- |", *map(str, rows)])
    text = f"""## How fast the page is

`make bench-page`, {report.machine()}; {told}.
The gateway serves the page on loopback; medians of {RUNS}. For comparison, Open WebUI: 2,970 kB in 245
requests, first paint after 1.3 s. A frame's cost is CPU of the main thread, a task's is wall time.

{table}"""
    report.write("bench-page", text)
    print(text)


def weight(browser: Browser, desk: Running) -> Iterator[Row]:
    page = browser.new_page()
    sizes: list[int] = []
    page.on(
        "requestfinished",
        lambda request: sizes.append(
            sum(request.sizes()[part] for part in ("responseBodySize", "responseHeadersSize"))
        ),
    )
    page.goto(desk.url + "/chat.html")
    page.wait_for_load_state("networkidle")
    yield Row("first visit, kB", sum(sizes) / 1000, 150)
    yield Row("first visit, requests", len(sizes), 25)
    page.close()


def first_paint(browser: Browser, desk: Running) -> Iterator[Row]:
    paints, ready = [], []
    for _ in range(RUNS):
        page = browser.new_page()
        page.goto(desk.url + "/chat.html")
        page.locator("#questions .ask").first.wait_for()
        ready.append(page.evaluate("performance.now()"))
        paints.append(
            page.evaluate(
                "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN"
            )
        )
        page.close()
    yield Row("first paint, ms", statistics.median(paints), 300)
    yield Row("usable, ms", statistics.median(ready))


def with_long_conversation(browser: Browser, desk: Running) -> Page:
    summary = {"id": "c1", "title": "long", "created_at": 1, "updated_at": 1, "turns": len(TURNS)}
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    page.route("**/api/config", lambda route: kept(route))
    page.route(
        "**/api/conversations?**",
        lambda route: route.fulfill(json={"data": [summary], "has_more": False}),
    )
    body = json.dumps(summary | {"messages": TURNS})
    page.route(
        "**/api/conversations/c1",
        lambda route: route.fulfill(body=body, content_type="application/json"),
    )
    page.goto(desk.url + "/chat.html")
    page.locator(".turn.assistant li").first.wait_for()
    return page


def long_conversation(browser: Browser, desk: Running) -> Iterator[Row]:
    page = with_long_conversation(browser, desk)
    times = []
    for _ in range(RUNS):
        page.click("#new-conversation")
        page.locator(".turn").first.wait_for(state="detached")
        times.append(
            page.evaluate("""async () => {
            const started = performance.now();
            document.querySelector("#history .past").click();
            while (!document.querySelector(".turn.assistant li")) await new Promise(requestAnimationFrame);
            await new Promise(requestAnimationFrame);
            return performance.now() - started;
        }""")
        )
    yield Row(f"a conversation of {len(TURNS):,} messages opens, ms", statistics.median(times), 500)
    page.close()


def kept(route: Route) -> None:
    response = route.fetch()
    route.fulfill(response=response, json=response.json() | {"history": "server"})


def streaming(browser: Browser, desk: Running) -> Iterator[Row]:
    page = with_long_conversation(browser, desk)
    answers = page.locator(".turn.assistant")
    mine = answers.nth(answers.count())
    page.evaluate(STREAM, [TEXT, TOKENS, TOKENS_PER_SECOND])
    page.evaluate("""() => { window.long = [];
        new PerformanceObserver((list) => long.push(...list.getEntries().map((one) => one.duration))).observe({ type: "longtask" }); }""")
    with TemporaryDirectory() as folder:
        file = Path(folder) / "trace.json"
        browser.start_tracing(page=page, path=file, categories=["toplevel", "devtools.timeline"])
        page.fill("#question", "怎么退货？")
        page.press("#question", "Enter")
        mine.locator(".copy").wait_for(timeout=60_000)
        browser.stop_tracing()
        frames, longest = cost_of(json.loads(file.read_text())["traceEvents"])
    frames.sort()
    speed = f"{TOKENS_PER_SECOND} tokens a second into it"
    yield Row(
        f"{speed}: a frame's script, style, layout and paint, p50, ms",
        statistics.median(frames),
        digits=1,
    )
    yield Row("the same, p95", frames[int(len(frames) * 0.95)], 8, digits=1)
    yield Row("the same: longest task, ms", longest, 50)
    yield Row(
        "the same: tasks over 50 ms that the browser itself reports", len(page.evaluate("long")), 0
    )
    page.close()


def cost_of(trace: list[dict[str, Any]]) -> tuple[list[float], float]:
    """(main-thread CPU of each drawn frame, wall time of the longest task), in milliseconds.

    A frame's CPU is that of script, style, layout and paint together.
    """
    names = {
        (event["pid"], event["tid"]): event["args"]["name"]
        for event in trace
        if event.get("name") == "thread_name"
    }
    pid = next(event["pid"] for event in trace if event.get("name") == "FireAnimationFrame")
    main = [
        event
        for event in trace
        if names.get((event["pid"], event["tid"])) == "CrRendererMain" and event["pid"] == pid
    ]
    tasks = [
        (event["ts"], event.get("tdur", event.get("dur", 0)) / 1000, event.get("dur", 0) / 1000)
        for event in main
        if event.get("name") == "ThreadControllerImpl::RunTask"
    ]
    starts = sorted(event["ts"] for event in main if event.get("name") == "FireAnimationFrame")
    spent = [0.0] * len(starts)
    for moment, milliseconds, _ in tasks:
        number = sum(start <= moment for start in starts)
        if 0 < number < len(starts):
            spent[number] += milliseconds
    return spent[1:-1], max(clock for _, _, clock in tasks)


if __name__ == "__main__":
    main()

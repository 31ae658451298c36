"""`make bench-traces`: what traces cost an answer of the raw model, off and on.

Real gateways before one fake engine and a real collector, asked by turns, so that a busy moment
affects all of them. `--before PATH` runs the gateway of another checkout as a third one: the
version without traces, for the cost of traces that are off.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import timeit
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import requests

from benchmarks import report
from benchmarks.relay.measures import cpu_of
from gateway.observability import tracing
from tests.support.servers import Running, free_port, running, running_gateway, wait_for

BEFORE, OFF, ON = "without traces (another checkout)", "traces off", "traces on"
BODY: dict[str, Any] = {"model": "Qwen3-VL-2B", "messages": [{"role": "user", "content": "Hello"}]}
SETTINGS = {"ENGINE": "cpu", "READER_URL": ""}
ROUNDS, ANSWERS, WARMING = 15, 300, 100
CALLS = 100_000
SECTION = """## What traces cost

`make bench-traces`, {machine}.
Whole answers of `/v1/chat/completions`, raw model, one client, {rounds} rounds by turns of
{answers} answers each. CPU time of the gateway for an answer.

{table}

A span that is off takes {call:.0f} ns; an answer of the raw model has five."""


@contextmanager
def of_checkout(path: Path, engine_url: str, data: Path) -> Iterator[Running]:
    """The gateway of another checkout, with this one's packages."""
    port = free_port()
    environ = {
        **os.environ,
        **SETTINGS,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "ENGINE_URLS": engine_url,
        "FALLBACK_ENGINE_URL": "",
        "ANONYMOUS_NETWORKS": "127.0.0.0/8",
        "RATE_LIMIT_IP": "1000000/minute",
        "ENGINE_SEES": "1",
        "KNOWLEDGE_DIR": str(path / "knowledge"),
        "FRONTEND_DIR": str(path / "frontend"),
        "DATA_DIR": str(data),
        "DATABASE_URL": f"sqlite:///{data}/sightdesk.db",
    }
    log = data.with_suffix(".log")
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway"], cwd=path, env=environ, stdout=out, stderr=out
        )
        try:
            yield Running(f"http://127.0.0.1:{port}", process, log)
        finally:
            process.terminate()
            process.wait(40)


def measured(before: Path | None, rounds: int, answers: int) -> dict[str, list[float]]:
    """The way → microseconds of CPU for an answer, of each round."""
    with ExitStack() as stack:
        engine = stack.enter_context(running("tests.support.fake_engine", {}))
        collector = stack.enter_context(running("tests.support.otlp_receiver", {}))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        on = {**SETTINGS, "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
        ways = {
            OFF: stack.enter_context(running_gateway(engine.url, folder / "off", **SETTINGS)),
            ON: stack.enter_context(running_gateway(engine.url, folder / "on", **on)),
        }
        if before is not None:
            made = of_checkout(before, engine.url, folder / "before")
            ways = {BEFORE: stack.enter_context(made), **ways}
        sessions = {way: stack.enter_context(requests.Session()) for way in ways}
        for gateway in ways.values():
            wait_for(gateway.url + "/readyz")
        found: dict[str, list[float]] = {way: [] for way in ways}
        for number in range(rounds + 1):
            for way, gateway in ways.items():
                spent = asked(sessions[way], gateway, answers if number else WARMING)
                if number:
                    found[way].append(spent)
        return found


def asked(session: requests.Session, gateway: Running, answers: int) -> float:
    """Microseconds of the gateway's CPU for an answer."""
    began = cpu_of(gateway.process.pid)
    for _ in range(answers):
        session.post(gateway.url + "/v1/chat/completions", json=BODY, timeout=30).raise_for_status()
    return (cpu_of(gateway.process.pid) - began) / answers * 1e6


def span_off() -> None:
    with tracing.span("media"):
        pass


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--brief", action="store_true", help="a few seconds; writes no page")
    parser.add_argument("--before", type=Path, help="folder of a checkout without traces")
    given = parser.parse_args()
    rounds, answers = (3, 50) if given.brief else (ROUNDS, ANSWERS)
    call = (
        min(timeit.repeat(span_off, timer=time.process_time, number=CALLS, repeat=7)) / CALLS * 1e9
    )
    found = measured(given.before, rounds, answers)
    lines = ["| way | median, µs | lowest | highest |", "| --- | ---: | ---: | ---: |"]
    for way, spent in found.items():
        low, high = min(spent), max(spent)
        lines.append(f"| {way} | {statistics.median(spent):.0f} | {low:.0f} | {high:.0f} |")
    text = SECTION.format(
        machine=report.machine(), rounds=rounds, answers=answers, table="\n".join(lines), call=call
    )
    print(text)
    if not given.brief:
        report.write("bench-traces", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())

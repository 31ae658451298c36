"""`make bench-tools`: what the company's systems cost a question of the page.

Real gateways, one without connectors, one with ten and one with a webhook, before one fake engine
and one small system.
The ways are asked by turns, so that a busy moment affects all of them.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import requests

from benchmarks import report
from tests.support.company import CANCEL, TRACK
from tests.support.outbox import subscribe
from tests.support.servers import Running, running, running_gateway, wait_for, wait_until
from tests.support.tool_loop import ANSWER, call
from tests.support.webhook_receiver import SECRET, receiving

WAYBILL = "SF1402857369214"
CONNECTORS = 10
ROUNDS, WARMING = 150, 10
DELIVERED_SECONDS = 60  # for the last webhook, after the last answer
NONE, WEBHOOK, UNUSED, READ, ALONE = (
    "no connectors",
    "no connectors, a webhook for each answer",
    "ten connectors, none called",
    "ten connectors, one read and a second engine round",
    "the system alone, asked directly",
)
SECTION = """## What the company's systems cost

`make bench-tools`, {machine}.
Whole answers of `POST /api/chat`, one client, the ways by turns, {rounds} of each. The fake engine
answers at once.

{table}

A read and the second round add {added:.1f} ms beyond the system's own time (15 asked). A webhook for
each answer adds {webhook:.1f} ms: its delivery goes on beside the next question."""


class Customer:
    """A visitor of one gateway."""

    def __init__(self, gateway: Running, engine: Running) -> None:
        self._url, self._engine = gateway.url + "/api/chat", engine.url
        self._session = requests.Session()
        self._session.get(gateway.url + "/api/config", timeout=10)

    def close(self) -> None:
        self._session.close()

    def ask(self, *rounds: dict[str, Any]) -> float:
        """Seconds of the whole answer. Raises AssertionError where it is no answer."""
        requests.post(self._engine + "/script", json=list(rounds), timeout=10)
        text = f"{WAYBILL} 到哪了"
        messages = [{"role": "user", "content": text}]
        body: dict[str, Any] = {"messages": messages, "stream": True}
        started = time.perf_counter()
        answer = self._session.post(self._url, json=body, timeout=30)
        taken = time.perf_counter() - started
        assert answer.content.endswith(b"data: [DONE]\n\n"), answer.text
        assert ('"status":"done"' in answer.text) == (len(rounds) > 1), answer.text
        return taken


def measured(rounds: int) -> dict[str, list[float]]:
    """The way → seconds of each answer."""
    with ExitStack() as stack:
        engine = stack.enter_context(running("tests.support.fake_engine", {}))
        system = stack.enter_context(running("tests.support.company", {}))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        write_connectors(folder / "connectors")
        settings = {"ENGINE": "cpu", "READER_URL": "", "STAFF_ANONYMOUS": "true"}
        with_systems = {
            **settings,
            "CONNECTORS_DIR": str(folder / "connectors"),
            "CONNECTOR_COMPANY_URL": system.url,
            "CONNECTOR_COMPANY_TOKEN": "secret",
        }
        receiver = stack.enter_context(receiving())
        told = {**settings, "CONNECTORS_DIR": str(folder / "told"), "CONNECTOR_SECRET": SECRET}
        (folder / "told").mkdir()
        subscribe(folder / "told", receiver.url, types="[message.completed]")
        customers = []
        ways_of = (("plain", settings), ("webhook", told), ("systems", with_systems))
        for name, given in ways_of:
            made = running_gateway(engine.url, folder / name, **given)
            gateway = stack.enter_context(made)
            wait_for(gateway.url + "/readyz")
            customers.append(stack.enter_context(closing(Customer(gateway, engine))))
        plain, telling, served = customers
        direct = stack.enter_context(requests.Session())
        ways: dict[str, Callable[[], float]] = {
            NONE: lambda: plain.ask(ANSWER),
            WEBHOOK: lambda: telling.ask(ANSWER),
            UNUSED: lambda: served.ask(ANSWER),
            READ: lambda: served.ask({"calls": [call("track_parcel", waybill=WAYBILL)]}, ANSWER),
            ALONE: lambda: asked(direct, f"{system.url}/parcels/{WAYBILL}"),
        }
        found: dict[str, list[float]] = {way: [] for way in ways}
        for number in range(WARMING + rounds):
            for way, ask in ways.items():
                seconds = ask()
                if number >= WARMING:
                    found[way].append(seconds)
        wait_until(lambda: len(receiver.ids()) == WARMING + rounds, DELIVERED_SECONDS)
        return found


def write_connectors(folder: Path) -> None:
    folder.mkdir()
    (folder / "track_parcel.yaml").write_text(TRACK, "utf-8")
    for number in range(1, CONNECTORS):
        (folder / f"cancel_{number}.yaml").write_text(CANCEL, "utf-8")


def asked(session: requests.Session, url: str) -> float:
    started = time.perf_counter()
    session.get(url, timeout=10).raise_for_status()
    return time.perf_counter() - started


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--brief", action="store_true", help="a few seconds; writes no page")
    given = parser.parse_args()
    rounds = 20 if given.brief else ROUNDS
    found = measured(rounds)
    p50 = {way: 1000 * statistics.median(times) for way, times in found.items()}
    lines = ["| way | p50, ms | p90, ms |", "| --- | ---: | ---: |"]
    for way, times in found.items():
        p90 = 1000 * statistics.quantiles(times, n=10)[-1]
        lines.append(f"| {way} | {p50[way]:.1f} | {p90:.1f} |")
    text = SECTION.format(
        machine=report.machine(),
        rounds=rounds,
        table="\n".join(lines),
        added=p50[READ] - p50[UNUSED] - p50[ALONE],
        webhook=p50[WEBHOOK] - p50[NONE],
    )
    print(text)
    if not given.brief:
        report.write("bench-tools", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())

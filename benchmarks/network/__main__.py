"""`make bench-network`: what users see while gateways, Redis, PostgreSQL and engines reach each
other late, with losses or not at all. Two gateways and two fake engines, each part in a network
namespace of its own. Needs root and /dev/net/tun.
"""

import argparse
import contextlib
import json
import os
import shutil
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import requests

from benchmarks import report
from benchmarks.network.hosts import Link, network
from benchmarks.network.servers import HOSTS, Desk, desk
from benchmarks.relay.load import percentile
from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "scale.md"
KEY = {"authorization": "Bearer sk-shop"}
GATEWAYS = ("gateway-1", "gateway-2")
# At each gateway. The words of the last one come one after the other for three seconds.
CUSTOMERS = ("hello", "hello", "slowly")
AFTER_SECONDS = 8.0
PATIENCE = 20.0  # seconds without a byte, after which a customer gives up
FAULTS = {
    "50 ms later each way": Link(delay=0.05),
    "5 % of packets lost": Link(loss=0.05),
    "cut off": Link(is_cut=True),
}
PLACES = {
    "gateways ↔ Redis": tuple(product(GATEWAYS, ["redis"])),
    "gateways ↔ PostgreSQL": tuple(product(GATEWAYS, ["postgres"])),
    "gateways ↔ one of two engines": tuple(product(GATEWAYS, ["engine-1"])),
    "one of two gateways ↔ all of these": tuple(
        product(["gateway-1"], ["redis", "postgres", "engine-1", "engine-2"])
    ),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One question. `failure`: "" where the answer is whole."""

    began: float
    first: float | None  # seconds to the first word
    ended: float
    failure: str
    conversation: str


@dataclass(slots=True)
class Customers:
    """They ask one question after the other, until `stop`."""

    gateways: list[str]
    asked: list[Asked] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def asking(self) -> Iterator[None]:
        threads = [
            threading.Thread(target=self.ask_on, args=(gateway, words))
            for gateway in self.gateways
            for words in CUSTOMERS
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stop.set()
            for thread in threads:
                thread.join()

    def ask_on(self, gateway: str, words: str) -> None:
        with requests.Session() as session:
            while not self.stop.is_set():
                self.asked.append(ask(session, gateway, words))
                self.stop.wait(0.2)


def ask(session: requests.Session, gateway: str, words: str) -> Asked:
    began = time.monotonic()
    first: float | None = None
    conversation, failure = "", "cut short"
    body = {"messages": [{"role": "user", "content": words}]}
    try:
        with session.post(
            gateway + "/api/chat", json=body, headers=KEY, stream=True, timeout=PATIENCE
        ) as answer:
            if answer.status_code != 200:
                failure = answer.json()["error"]["code"]
            for line in answer.iter_lines():
                if line == b"data: [DONE]":
                    failure = ""
                elif line.startswith(b"data: {"):
                    event: dict[str, Any] = json.loads(line[6:])
                    failure = event.get("error", {}).get("code", failure)
                    told = event.get("sightdesk", {}).get("conversation")
                    conversation = told["id"] if told else conversation
                    if first is None and event.get("choices"):
                        first = time.monotonic() - began
    except requests.RequestException as error:
        failure = "no answer" if isinstance(error, requests.Timeout) else type(error).__name__
    return Asked(began, first, time.monotonic(), failure, conversation)


def lost(gateway: str, asked: list[Asked]) -> list[Asked]:
    """The whole answers that do not stand in the history."""
    found = []
    with requests.Session() as session:
        for one in asked:
            url = f"{gateway}/api/conversations/{one.conversation}"
            answer = session.get(url, headers=KEY, timeout=PATIENCE)
            turns = answer.json().get("messages", [])
            if not (turns and turns[-1].get("state") == "done"):
                found.append(one)
    return found


def row(running: Desk, made: Any, name: str, fault: str, seconds: float) -> str:
    customers = Customers(running.gateways)
    with customers.asking():
        time.sleep(1)
        begun = time.monotonic()
        if fault:
            made.set(FAULTS[fault], *PLACES[name])
        time.sleep(seconds)
        healed = time.monotonic()
        made.heal()
        time.sleep(AFTER_SECONDS)
    during = [one for one in customers.asked if one.ended > begun and one.began < healed]
    after = [one for one in customers.asked if one.began >= healed]
    firsts = [one.first for one in during if one.first is not None and not one.failure]
    failures = Counter(one.failure for one in during if one.failure)
    told = ", ".join(f"{count} × {code}" for code, count in failures.most_common()) or "–"
    time.sleep(3)  # answers that the database did not take are stored again
    whole = [one for one in customers.asked if not one.failure]
    gone = lost(running.gateways[1], whole)
    bad = [one for one in customers.asked if one.failure or one in gone]
    well = max(0.0, *(one.began - healed for one in bad), 0.0)
    kept = f"{sum(one not in gone for one in during if not one.failure)}"
    first = f"{percentile(firsts, 50):.2f} / {percentile(firsts, 95):.2f}" if firsts else "–"
    assert after, "nobody asked after the fault"
    return (
        f"| {name} | {fault or '–'} | {len(during) - failures.total()} of {len(during)} | {first} "
        f"| {told} | {kept} | {well:.1f} |"
    )


def section(seconds: float, only: str) -> str:
    rows = []
    with network(HOSTS) as made, desk(made) as running:
        rows.append(row(running, made, "all as it should be", "", seconds))
        places = [name for name in PLACES if only in name]
        for name, fault in product(places, FAULTS):
            rows.append(row(running, made, name, fault, seconds))
            print(rows[-1], flush=True)
    return f"""`make bench-network`, {report.machine()}.
Two gateways, two fake engines, Redis and PostgreSQL, each in a network namespace of its own; {len(CUSTOMERS)}
customers at each gateway ask there again and again, one of them for answers of three seconds. Each
fault lasts {seconds:g} s, on every packet in both directions. "Kept": whole answers
in the history afterwards. "Well after": from the end of the fault to the last question whose answer
was not whole or not kept.

| between | fault | whole answers | first word p50 / p95, s | the others | kept | well after, s |
| --- | --- | ---: | ---: | --- | ---: | ---: |
""" + "\n".join(rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--brief", action="store_true", help="short faults; writes no page")
    parser.add_argument("--only", default="", help="a part of the names of places; writes no page")
    asked = parser.parse_args()
    if os.geteuid() or not Path("/dev/net/tun").exists() or not shutil.which("nsenter"):
        print("bench-network needs root, /dev/net/tun and nsenter.", file=sys.stderr)
        return 1
    if os.environ.get("BENCH_NETWORK") != "1":  # once more, in a namespace of its own
        command = ["unshare", "--net", sys.executable, "-m", "benchmarks.network", *sys.argv[1:]]
        os.execvpe(command[0], command, {**os.environ, "BENCH_NETWORK": "1"})
    text = section(3.0 if asked.brief else 10.0, asked.only)
    print(text)
    if not asked.brief and not asked.only:
        report.write("bench-network", text, PAGE)
    return 0


if __name__ == "__main__":
    sys.exit(main())

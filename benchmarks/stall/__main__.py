"""`make bench-stall`: hostile requests beside three victims. Exits with 1 if a limit is exceeded.

`--brief` runs every third attack with short pauses, for CI. `--class KIND,KIND` runs these classes
and renews their rows of docs/performance.md. `--only WORD,WORD` runs attacks whose class or name
contains one of the words.
"""

import argparse
import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import aiohttp

from benchmarks import report
from benchmarks.stall import connections, knowledge, pictures, records, schemas, texts
from benchmarks.stall.attack import Attack, Desk, Outcome
from benchmarks.stall.memory import Peak
from benchmarks.stall.table import HEAD, Row, line, section
from benchmarks.stall.victim import Round
from tests.support.paths import ROOT
from tests.support.servers import Running, running, running_gateway, running_lite, wait_for

KEY = "sk-victim-of-the-bench"
LONGEST, BRIEF = 90.0, 20.0  # seconds for one attack, then it is given up
BRIEF_STEP = 3  # the short form runs each third attack
ANSWERED_SECONDS = 0.5  # a question answered within this counts as recovered
RECOVERY_BOUND = 60.0


def attacks() -> list[Attack]:
    return [
        *texts.attacks(), *schemas.attacks(), *pictures.attacks(), *pictures.shares(),
        *records.attacks(), *knowledge.attacks(), *connections.attacks(),
    ]  # fmt: skip


class Victims:
    """The process of the three victims (victim.py)."""

    def __init__(self, gateway: Running, machine: Running) -> None:
        command = [sys.executable, "-m", "benchmarks.stall.victim", gateway.url, machine.url, KEY]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def take(self) -> Round:
        """What they have seen since the last call."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(file=self._process.stdin, flush=True)
        return Round(**json.loads(self._process.stdout.readline()))

    def stop(self) -> None:
        self._process.kill()
        self._process.communicate()  # closes the pipes too


async def one(
    attack: Attack, desk: Desk, victims: Victims, peaks: tuple[Peak, Peak], pause: float
) -> Row:
    outcome = Outcome()
    await asyncio.to_thread(victims.take)
    for peak in peaks:
        peak.take()
    await asyncio.sleep(pause)
    try:
        async with asyncio.timeout(BRIEF if pause < 1 else LONGEST):
            await attack.run(desk, outcome)
    except TimeoutError:
        outcome.statuses["given up"] += 1
    recovery = await recovered(desk)
    await asyncio.sleep(pause)
    seen = await asyncio.to_thread(victims.take)
    return Row(attack, outcome, seen, *peaks[0].take(), peaks[1].take()[0], recovery)


async def recovered(desk: Desk) -> float:
    """Seconds until a question is answered within ANSWERED_SECONDS."""
    started = time.perf_counter()
    body = {
        "model": "sightdesk",
        "stream": False,
        "messages": [{"role": "user", "content": "How do I return an item?"}],
    }
    headers = {"authorization": f"Bearer {KEY}"}
    while (waited := time.perf_counter() - started) < RECOVERY_BOUND:
        asked = time.perf_counter()
        async with desk.session.post(
            desk.url + "/v1/chat/completions", json=body, headers=headers
        ) as answer:
            await answer.read()
        if answer.status == 200 and time.perf_counter() - asked < ANSWERED_SECONDS:
            return waited
        await asyncio.sleep(0.1)
    return RECOVERY_BOUND


async def bench(
    chosen: list[Attack],
    desk_url: str,
    folder: Path,
    victims: Victims,
    peaks: tuple[Peak, Peak],
    pause: float,
    keep: Callable[[list[Row]], None],
) -> list[Row]:
    """`keep` is given the rows after each attack, so an interrupted run loses none."""
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(LONGEST)
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(
        connector=connector, cookie_jar=jar, timeout=timeout
    ) as session:
        desk = Desk(desk_url, folder, session)
        async with session.get(desk_url + "/api/config") as first:  # gets the visitor cookie
            first.raise_for_status()
        async with session.post(
            desk_url + "/api/feedback", json={"answer": "none", "rating": "up"}
        ):
            pass  # charged responses set the cookie
        rows = []
        for attack in chosen:
            row = await one(attack, desk, victims, peaks, pause)
            if row.falls_short():  # measured once more, in case the machine was busy
                row = await one(attack, desk, victims, peaks, pause)
            rows.append(row)
            print(line(rows[-1].cells()), flush=True)
            keep(rows)
        return rows


def write(rows: list[Row]) -> None:
    report.write("stall", section(attacks(), rows, report.read("stall")))


def main() -> int:
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--brief", action="store_true")
    wanted.add_argument("--class", default="", dest="kinds")
    wanted.add_argument("--only", default="")
    given = wanted.parse_args()
    chosen = [
        attack
        for attack in attacks()
        if (not given.kinds or attack.kind in given.kinds.split(","))
        and any(word in f"{attack.kind} {attack.name}" for word in given.only.split(","))
    ]
    if given.brief and not (given.kinds or given.only):
        chosen = chosen[::BRIEF_STEP]
    if not chosen:
        wanted.error("no attack is of these classes and names")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        shutil.copytree(ROOT / "knowledge", folder / "knowledge")
        machine = stack.enter_context(running("benchmarks.stall.machine", {}, health="/"))
        lite = stack.enter_context(running_lite())
        settings = {
            "API_KEYS": f"victim:{KEY}",
            "KNOWLEDGE_DIR": str(folder / "knowledge"),
            "LOG_LEVEL": "warning",
        }
        gateway = stack.enter_context(running_gateway(lite.url, folder, **settings))
        wait_for(gateway.url + "/readyz")
        victims = Victims(gateway, machine)
        stack.callback(victims.stop)
        time.sleep(3)
        peaks = Peak(gateway.process.pid), Peak(lite.process.pid)
        print(line(HEAD), line(["---"] * len(HEAD)), sep="\n", flush=True)
        pause = 0.2 if given.brief else 1.0
        keep = write if not given.brief and not given.only else lambda _: None
        rows = asyncio.run(
            bench(chosen, gateway.url, folder / "knowledge", victims, peaks, pause, keep)
        )
    short = [row for row in rows if row.falls_short()]
    print(f"\n{len(rows)} attacks, {len(rows) - len(short)} held")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())

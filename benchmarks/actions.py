"""Kills gateways while they carry out actions, and measures what open actions cost.

500 seeded runs on SQLite and 200 on PostgreSQL, two gateways in each, killed by SIGKILL before and
after each commit and each request, by the system that they ask, and anywhere. `--brief`: a tenth.

    .venv/bin/python -m benchmarks.actions
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import report
from gateway.actions.proposals import Actions
from gateway.actions.store import ActionStore
from gateway.actions.worker import ActionWorker
from gateway.connectors.tool import Identity
from gateway.observability.metrics import Metrics
from gateway.storage.database import open_database
from tests.support.action_judge import Counts
from tests.support.action_runs import PostgresCopies, SQLiteCopies, all_runs
from tests.support.action_tools import HTTPTool, Toolbox
from tests.support.postgres import running_postgres

RUNS = {"SQLite": 500, "PostgreSQL": 200}
AT_ONCE = 6
OPEN = 200
IDLE_SECONDS = 10.0
COLUMNS = (
    *("runs", "processes", "killed", "confirmed", "done", "failed", "unknown"),
    *("requests", "effects", "most of one", "audited steps", "events", "webhooks sent"),
    "problems",
)


def kills(runs: dict[str, int]) -> dict[str, Counts]:
    found: dict[str, Counts] = {}
    with tempfile.TemporaryDirectory() as name, running_postgres() as server:
        folder = Path(name)
        for kind, number in runs.items():
            place = folder / kind
            place.mkdir()
            copies = SQLiteCopies(place) if kind == "SQLite" else PostgresCopies(server)
            found[kind] = all_runs(range(number), copies, place, AT_ONCE)
            print(f"{kind}: {found[kind]}", flush=True)
            for problem in found[kind].problems:
                print(" ", problem)
    return found


async def idle_cost(folder: Path, number: int) -> float:
    """CPU seconds of a worker in a second, beside `number` open proposals."""
    database = open_database(f"sqlite:///{folder}/idle-{number}.db", lambda: None)
    tool = HTTPTool("plain", "http://127.0.0.1:1")
    store, tools, metrics = ActionStore(database), Toolbox(tool), Metrics("0", "lite")
    actions = Actions(store, tools, metrics, expires=3600)
    for place in range(number):
        actions.propose(
            tool, {"order": f"QH-{place}"}, Identity("li", "shop"), "key:shop", "", "", "zh"
        )
    worker = ActionWorker(store, tools, metrics)
    running = asyncio.create_task(worker.run())
    await asyncio.sleep(1)
    before = time.process_time()
    await asyncio.sleep(IDLE_SECONDS)
    spent = time.process_time() - before
    running.cancel()
    await asyncio.wait((running,))
    worker.close()
    database.close()
    return spent / IDLE_SECONDS


def idle_costs() -> dict[int, float]:
    with tempfile.TemporaryDirectory() as name:
        return {number: asyncio.run(idle_cost(Path(name), number)) for number in (0, OPEN)}


def row(kind: str, counts: Counts) -> str:
    numbers = (
        *(counts.runs, counts.processes, counts.killed.total(), counts.confirmed),
        *(counts.ended[name] for name in ("done", "failed", "unknown")),
        *(counts.requests, counts.effects, counts.most_effects),
        *(counts.steps, counts.events, counts.messages, len(counts.problems)),
    )
    return f"| {kind} | " + " | ".join(map(str, numbers)) + " |"


def text(found: dict[str, Counts], costs: dict[int, float]) -> str:
    return "\n".join(
        [
            "## Actions: at most once",
            "",
            f"`make bench-actions`, {report.machine()}.",
            "Two gateways on one database are killed with SIGKILL at each step of an action. The",
            "system that they ask refuses, fails with and without effect, resets, is late or talks",
            "nonsense; the subscriber of their events refuses and resets. Problems are actions done",
            "twice, confirmed ones that did not end, steps that the audit, the events or the",
            "conversation lack, and events that the subscriber has not heard in order under one id.",
            "",
            f"| database | {' | '.join(COLUMNS)} |",
            "| --- |" + " ---: |" * len(COLUMNS),
            *(row(kind, counts) for kind, counts in found.items()),
            "",
            f"An idle worker takes {1000 * costs[0]:.1f} ms of CPU a second, with {OPEN} open",
            f"actions {1000 * costs[OPEN]:.1f} ms.",
        ]
    )


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--brief", action="store_true")
    is_brief = parser.parse_args().brief
    runs = {kind: number // 10 if is_brief else number for kind, number in RUNS.items()}
    found, costs = kills(runs), idle_costs()
    told = text(found, costs)
    print(told)
    if not is_brief:
        report.write("actions", told)
    return 1 if any(one.problems or one.most_effects > 1 for one in found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())

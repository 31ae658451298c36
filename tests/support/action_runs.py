"""Seeded runs of two gateways that are killed while they carry out actions and tell a subscriber of
them. Used by tests and by `python -m benchmarks.actions`."""

import contextlib
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from queue import SimpleQueue

from sqlalchemy import create_engine, make_url, text

from gateway.storage.database import open_database
from gateway.storage.sql_engine import normal
from gateway.webhooks.deliveries import Deliveries
from gateway.webhooks.event_types import TYPES
from gateway.webhooks.subscription_file import SubscriptionFile
from tests.support.action_gateway import OWNER, Job
from tests.support.action_judge import Counts, judged
from tests.support.action_system import WAYS, running_system
from tests.support.databases import ask
from tests.support.outbox import ENVIRON, subscribe
from tests.support.paths import ROOT
from tests.support.postgres import Postgres
from tests.support.webhook_receiver import receiving

CONVERSATION = "conversation-1"
COMMITS = ("proposed", "confirmed", "running", "done", "failed", "unknown")
POINTS = (
    *(f"{name} {when} commit" for name in COMMITS for when in ("before", "after")),
    *("before send", "after send"),
    *("delivery before commit", "delivery after commit"),
)
HEARD = f"[{', '.join(sorted(one for one in TYPES if one.startswith('action.')))}]"
BY_SYSTEM = ("kill before", "kill after")  # the system kills the gateway that asks it
ANYWHERE = "anywhere"
FAULTS = (*POINTS, *BY_SYSTEM, ANYWHERE)
# What the first requests must meet for the gateway to come to a point. With a key a reset is tried
# again: only the request without one becomes unknown, and it need not be the first.
FORCED = {"failed": ["refused"], "unknown": ["reset after"] * 3, "done": ["fine"]}
CALM_TRIES = 3


class Gateways:
    """A process that forks gateways (tests/support/action_gateway.py)."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.action_gateway"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def run(self, *jobs: Job) -> list[int]:
        """Exit statuses; -9 where a gateway was killed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([asdict(job) for job in jobs]).encode() + b"\n")
        self._process.stdin.flush()
        ended: list[int] = json.loads(self._process.stdout.readline())
        return ended

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()


def fault_of(seed: int) -> str:
    """Each fault in turn, so that a few runs meet all of them."""
    return FAULTS[seed % len(FAULTS)]


def plan_of(chance: random.Random, fault: str) -> list[str]:
    """How the system treats its requests, in the order in which they come; then all is fine."""
    ways = [way for way in WAYS if not way.startswith("kill")]
    plan = [chance.choice(ways) if chance.random() < 0.6 else "fine" for _ in range(8)]
    first = [fault] if fault in BY_SYSTEM else FORCED.get(fault.split()[0], [])
    return [*first, *plan]


def jobs_of(seed: int, fault: str, chance: random.Random, shared: Job) -> tuple[Job, Job]:
    """Two gateways at once. In every other round both are killed at the point of the fault."""
    point = fault if fault in POINTS else ""
    after = 0.05 + chance.random() * 0.4
    first = "plain" if fault.startswith("unknown") else chance.choice(("plain", "keyed"))
    writes = (first, *chance.choices(("plain", "keyed", "keyed?"), k=chance.randint(0, 2)))
    both = seed // len(FAULTS) % 2 == 0
    one = {**asdict(shared), "writes": writes, "point": point, "seed": seed}
    two = {**one, "writes": (chance.choice(("plain", "keyed")),), "seed": seed + 1}
    if fault == ANYWHERE:
        one["after"] = after
    if not both:
        two |= {"point": "", "after": after if chance.random() < 0.5 else 0.0}
    return Job(**one), Job(**two)


def run(seed: int, gateways: Gateways, url: str, folder: Path) -> Counts:
    """One run on an empty database with CONVERSATION in it."""
    counts = Counts()
    chance = random.Random(seed)
    fault = fault_of(seed)
    ways = iter(plan_of(chance, fault))
    place = folder / f"run-{seed}"
    place.mkdir()
    said = place / "said"
    said.touch()
    with running_system(lambda *_: next(ways, "fine")) as system, receiving() as receiver:
        begin_subscription(url, subscribe(place, receiver.url, types=HEARD))
        receiver.plan.extend(chance.choices((200, 500, "reset"), (6, 1, 1), k=20))
        shared = Job(url, system.url, str(said), str(place), CONVERSATION)
        jobs = jobs_of(seed, fault, chance, shared)
        ended = gateways.run(*jobs)
        counts.killed[fault] += ended.count(-9)
        again = Job(**{**asdict(shared), "after": 0.1 + chance.random() * 0.5})
        ended += (killed := gateways.run(again, shared) if seed % 3 == 0 else [])
        counts.killed[ANYWHERE] += killed.count(-9)
        for _ in range(CALM_TRIES):
            ended += (last := gateways.run(shared))
            if last == [0]:
                break
        counts.runs += 1
        counts.processes += len(ended)
        if ended[-1] != 0 or set(ended) - {0, -9}:
            counts.problems.append(f"seed {seed}: the gateways ended with {ended}")
        wrong = judged(url, system, receiver, said, counts)
        counts.problems += [f"seed {seed} ({fault}): {one}" for one in wrong]
    return counts


def begin_subscription(url: str, folder: Path) -> None:
    """A subscription hears what happens once a gateway has seen it: here, all of the run."""
    database = open_database(url, lambda: None)
    try:
        Deliveries(database).make(SubscriptionFile(folder, ENVIRON).current)
    finally:
        database.close()


def all_runs(
    seeds: Iterable[int], databases: "SQLiteCopies | PostgresCopies", folder: Path, at_once: int
) -> Counts:
    """`at_once` runs beside each other, each on a database of its own."""
    total = Counts()
    free: SimpleQueue[Gateways] = SimpleQueue()
    started = [Gateways() for _ in range(at_once)]
    for one in started:
        free.put(one)

    def one_run(seed: int) -> Counts:
        gateways = free.get()
        try:
            with databases.copy(seed) as url:
                return run(seed, gateways, url, folder)
        finally:
            free.put(gateways)

    try:
        with ThreadPoolExecutor(at_once) as threads:
            for counts in threads.map(one_run, seeds):
                total.add(counts)
    finally:
        for one in started:
            one.close()
    return total


def prepare(url: str) -> None:
    """The tables, and a conversation of OWNER."""
    database = open_database(url, lambda: None)
    ask(database, 1, owner=OWNER, conversation_id=CONVERSATION)
    database.close()


class SQLiteCopies:
    def __init__(self, folder: Path) -> None:
        self._template = folder / "template.db"
        prepare(f"sqlite:///{self._template}")

    @contextlib.contextmanager
    def copy(self, number: int) -> Iterator[str]:
        with tempfile.TemporaryDirectory(dir=self._template.parent) as name:
            shutil.copy(self._template, Path(name) / "desk.db")
            yield f"sqlite:///{name}/desk.db"


class PostgresCopies:
    def __init__(self, server: Postgres) -> None:
        self._server = server
        self._do("CREATE DATABASE template_desk")
        prepare(self._url("template_desk"))

    @contextlib.contextmanager
    def copy(self, number: int) -> Iterator[str]:
        self._do(f"CREATE DATABASE run_{number} TEMPLATE template_desk")
        try:
            yield self._url(f"run_{number}")
        finally:
            self._do(f"DROP DATABASE run_{number} WITH (FORCE)")

    def _url(self, name: str) -> str:
        return self._server.url().removesuffix("/postgres") + f"/{name}"

    def _do(self, statement: str) -> None:
        engine = create_engine(normal(make_url(self._server.url())), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

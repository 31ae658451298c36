"""Seeded runs of two gateways that are killed while they carry out actions, and what must hold
afterwards. Used by tests and by `python -m benchmarks.actions`."""

import contextlib
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from queue import SimpleQueue

from sqlalchemy import create_engine, make_url, select, text

from gateway.actions.states import ENDS, STEPS
from gateway.storage.database import open_database
from gateway.storage.models import Action, AuditEntry, StoredEvent, Turn
from gateway.storage.sql_engine import normal
from tests.support.action_gateway import OWNER, Job
from tests.support.action_system import WAYS, System, running_system
from tests.support.databases import ask
from tests.support.paths import ROOT
from tests.support.postgres import Postgres

CONVERSATION = "conversation-1"
COMMITS = ("proposed", "confirmed", "running", "done", "failed", "unknown")
POINTS = (
    *(f"{name} {when} commit" for name in COMMITS for when in ("before", "after")),
    *("before send", "after send"),
)
BY_SYSTEM = ("kill before", "kill after")  # the system kills the gateway that asks it
ANYWHERE = "anywhere"
FAULTS = (*POINTS, *BY_SYSTEM, ANYWHERE)
# What the first request must meet for the gateway to come to a point.
FORCED = {"failed": "refused", "unknown": "reset after", "done": "fine"}
CALM_TRIES = 3


@dataclass(slots=True)
class Counts:
    runs: int = 0
    processes: int = 0
    killed: Counter[str] = field(default_factory=Counter)  # by fault
    ended: Counter[str] = field(default_factory=Counter)  # actions by status
    confirmed: int = 0  # acknowledged
    requests: int = 0
    effects: int = 0
    most_effects: int = 0  # of one action
    steps: int = 0  # in the audit
    events: int = 0
    problems: list[str] = field(default_factory=list)

    def add(self, other: "Counts") -> None:
        for name in ("runs", "processes", "confirmed", "requests", "effects", "steps", "events"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.killed += other.killed
        self.ended += other.ended
        self.most_effects = max(self.most_effects, other.most_effects)
        self.problems += other.problems

    def __str__(self) -> str:
        ended = ", ".join(f"{number} {name}" for name, number in sorted(self.ended.items()))
        return (
            f"{self.runs} runs, {self.processes} processes, {self.killed.total()} of them killed; "
            f"{self.confirmed} confirmed actions; at the end {ended}; {self.requests} requests, "
            f"{self.effects} effects, at most {self.most_effects} of one action; "
            f"{self.steps} audited steps, {self.events} events; {len(self.problems)} problems"
        )


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
    first = fault if fault in BY_SYSTEM else FORCED.get(fault.split()[0])
    return plan if first is None else [first, *plan]


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
    said = folder / f"said-{seed}"
    said.touch()
    with running_system(lambda *_: next(ways, "fine")) as system:
        shared = Job(url, system.url, str(said), CONVERSATION)
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
        wrong = judged(url, system, said, counts)
        counts.problems += [f"seed {seed} ({fault}): {one}" for one in wrong]
    return counts


def judged(url: str, system: System, said: Path, counts: Counts) -> Iterator[str]:
    """What is wrong in the database and at the system."""
    lines = [line.split() for line in said.read_text().splitlines()]
    confirmed = {name for word, name in lines if word == "confirmed"}
    database = open_database(url, lambda: None)
    try:
        with database.reading() as session:
            actions = list(session.scalars(select(Action)))
            entries = list(session.scalars(select(AuditEntry).order_by(AuditEntry.number)))
            events = list(session.scalars(select(StoredEvent).order_by(StoredEvent.number)))
            notices = [one for one in session.scalars(select(Turn.notice)) if one is not None]
            session.expunge_all()
    finally:
        database.close()
    counts.confirmed += len(confirmed)
    counts.requests += system.requests.total()
    counts.effects += system.effects.total()
    counts.most_effects = max([counts.most_effects, *system.effects.values()])
    counts.steps += len(entries)
    counts.events += len(events)
    ids = {one.id for one in actions}
    if lost := {name for _, name in lines} - ids | set(system.requests) - ids:
        yield f"unknown actions {lost}"
    if len({one.id for one in events}) != len(events):
        yield "two events with one id"
    for one in actions:
        counts.ended[one.status] += 1
        steps = [(entry.was, entry.now) for entry in entries if entry.action_id == one.id]
        heard = [event.type for event in events if event.data["action"]["id"] == one.id]
        shown = [notice["status"] for notice in notices if notice["action"] == one.id]
        for problem in (
            wrong_steps(one, steps, heard, shown),
            wrong_effects(one, system, one.id in confirmed),
            wrong_notices(one, actions),
        ):
            if problem:
                yield f"{one.id} of {one.connector} is {one.status}: {problem}"


def wrong_steps(
    action: Action, steps: list[tuple[str | None, str]], heard: list[str], shown: list[str]
) -> str:
    """The audit must lead from nothing to the status, with one event and one turn for each step."""
    places = [None, *(now for _, now in steps)]
    if [was for was, _ in steps] != places[:-1] or places[-1] != action.status:
        return f"the audit has {steps}"
    if any(now not in STEPS[was] for was, now in steps):
        return f"a step that must not be: {steps}"
    if heard != [f"action.{now}" for was, now in steps if was != now]:
        return f"the events are {heard}, the audit has {steps}"
    told = [now for _, now in steps if now in ENDS] if action.parent_id is None else []
    return "" if shown == told else f"the turns are {shown}, the audit has {steps}"


def wrong_effects(action: Action, system: System, is_confirmed: bool) -> str:
    effects, requests = system.effects[action.id], system.requests[action.id]
    if effects > 1:
        return f"it was done {effects} times"
    if action.status == "done" and effects != 1:
        return "it was never done"
    if action.status == "failed" and effects:
        return "it was done"
    if action.status == "proposed" and (requests or is_confirmed):
        return f"confirmed {is_confirmed}, {requests} requests"
    if action.status in ("confirmed", "running"):
        return "it has not ended"
    if requests > 1 and not action.has_key:
        return f"{requests} requests without a key"
    return ""


def wrong_notices(action: Action, actions: list[Action]) -> str:
    """A done action whose connector notifies has one message, and no other has."""
    messages = sum(one.parent_id == action.id for one in actions)
    wanted = int(action.connector == "keyed" and action.status == "done")
    return "" if messages == wanted else f"{messages} messages instead of {wanted}"


def all_runs(
    seeds: range, databases: "SQLiteCopies | PostgresCopies", folder: Path, at_once: int
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

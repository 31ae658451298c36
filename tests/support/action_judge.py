"""What must hold after a run of killed gateways: in the database, at the system that carries out
actions, and at the subscriber of their events."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from gateway.actions.states import ENDS, STEPS
from gateway.storage.action_tables import Action, AuditEntry
from gateway.storage.database import open_database
from gateway.storage.event_tables import StoredEvent
from gateway.storage.models import Turn
from gateway.webhooks.event_types import TYPES
from tests.support.action_system import System
from tests.support.webhook_receiver import Receiver


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
    messages: int = 0  # requests to the subscriber
    problems: list[str] = field(default_factory=list)

    def add(self, other: "Counts") -> None:
        same = ("runs", "processes", "confirmed", "requests", "effects", "steps", "events")
        for name in (*same, "messages"):
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
            f"{self.steps} audited steps, {self.events} events told by {self.messages} messages; "
            f"{len(self.problems)} problems"
        )


def judged(
    url: str, system: System, receiver: Receiver, said: Path, counts: Counts
) -> Iterator[str]:
    """What is wrong in the database, at the system and at the subscriber."""
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
    told = [one.id for one in events if one.type in TYPES]
    counts.events += len(told)
    counts.messages += len(receiver.received)
    ids = {one.id for one in actions}
    if lost := {name for _, name in lines} - ids | set(system.requests) - ids:
        yield f"unknown actions {lost}"
    if len({one.id for one in events}) != len(events):
        yield "two events with one id"
    yield from wrong_messages(told, receiver)
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


def wrong_messages(events: Sequence[str], receiver: Receiver) -> Iterator[str]:
    """The subscriber must hear each event, in order, under one id over all tries."""
    heard = list(dict.fromkeys(receiver.ids()))
    if heard != events:
        yield f"the subscriber heard {heard}, the events are {events}"
    if len({(one.id, one.body) for one in receiver.received}) != len(heard):
        yield "a message came again with other words"


def wrong_notices(action: Action, actions: list[Action]) -> str:
    """A done action whose connector notifies has one message, and no other has."""
    messages = sum(one.parent_id == action.id for one in actions)
    wanted = int(action.connector == "keyed" and action.status == "done")
    return "" if messages == wanted else f"{messages} messages instead of {wanted}"

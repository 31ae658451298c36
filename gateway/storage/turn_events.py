"""What is told of an answer when its turn is closed: `message.completed` and `fields.read` to other
systems, and `answer.doubtful` to open pages of staff."""

from collections.abc import Callable, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, select

from gateway.storage.events import NewEvent, record_events
from gateway.storage.models import Turn
from gateway.storage.turns import Announce, AnswerRow

Wants = Callable[[str], bool]  # whether anybody wants events of this type
COMPLETED, READ = "message.completed", "fields.read"
DOUBTFUL = "answer.doubtful"  # for staff's view of what to make better; it holds no words
WITHOUT_BASIS = ("no_clause", "clarify")
TOLD_OF_FIELD = ("name", "value", "confidence", "valid", "corrected")


def nobody_wants(type_: str) -> bool:
    return False


def announcement(rows: Sequence[AnswerRow], wants: Wants) -> Announce | None:
    """What writes the events of `rows` in the transaction that closes their turns; None where
    there are none, so that most questions cost nothing more."""
    wanted = [type_ for type_ in (READ, COMPLETED) if wants(type_)]
    told = {row.answer_id: events for row in rows if (events := _events(row, wanted))}
    if not told:
        return None

    def write(connection: Connection, stopped: frozenset[str]) -> None:
        here = select(Turn.id, Turn.conversation_id).where(Turn.id.in_(told)).order_by(Turn.number)
        events = [
            NewEvent(
                type_,
                conversation_id,
                {"conversation_id": conversation_id, "answer": answer_id, **data},
            )
            for answer_id, conversation_id in connection.execute(here).all()
            for type_, data in told[answer_id]
            if type_ == READ or answer_id not in stopped
        ]
        record_events(connection, events)

    return write


def _events(row: AnswerRow, wanted: Sequence[str]) -> list[tuple[str, dict[str, Any]]]:
    events: list[tuple[str, dict[str, Any]]] = []
    is_ungrounded = bool(row.facts.get("is_ungrounded"))
    if row.state == "done" and (is_ungrounded or row.outcome in WITHOUT_BASIS):
        events.append((DOUBTFUL, {"outcome": row.outcome, "is_ungrounded": is_ungrounded}))
    if not wanted:
        return events
    fields = list(_fields(row))
    if fields and READ in wanted:
        events.append((READ, {"fields": fields}))
    if row.state == "done" and COMPLETED in wanted:
        citations = orjson.loads(orjson.dumps(row.citations))
        told = {"text": row.text, "citations": citations, "outcome": row.outcome}
        events.append((COMPLETED, {**told, "fields": fields}))
    return events


def _fields(row: AnswerRow) -> list[dict[str, Any]]:
    """The fields of all readings, masked, each with the picture that it was read from."""
    readings: list[dict[str, Any]] = orjson.loads(orjson.dumps(row.reading))
    return [
        {"image": reading.get("image"), **{key: field.get(key) for key in TOLD_OF_FIELD}}
        for reading in readings
        for field in reading.get("fields") or ()
    ]

"""The tables. Times are milliseconds since 1970, texts are masked.

An owner is stored as a digest: it can be compared, but not read.
"""

from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, ForeignKey, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gateway.storage.action_tables import Action, AuditEntry
from gateway.storage.column_types import StorableString as String
from gateway.storage.column_types import StorableText as Text
from gateway.storage.day_tally_table import DayTally
from gateway.storage.event_tables import StoredEvent, WebhookCursor, WebhookDelivery
from gateway.storage.session_table import SignInSession
from gateway.storage.table_base import Base, Number

_IS_LIVING = text("status <> 'resolved'")  # of a hand-over
LIVING: dict[str, Any] = {"sqlite_where": _IS_LIVING, "postgresql_where": _IS_LIVING}
OF_ANSWER = (
    *("outcome", "state", "degraded", "is_ungrounded", "subject_kind", "subject"),
    *("first_token_ms", "duration_ms", "prompt_tokens", "completion_tokens"),
)
OF_TOPIC = ("outcome", "subject_kind", "conversation_id")


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


_IS_NO_ANSWER = _where("role <> 'assistant'")
_IS_ANSWER = _where("is_ungrounded IS NOT NULL")
_HAS_TOPIC = _where("topic IS NOT NULL")


class Conversation(Base):
    __tablename__ = "conversations"
    __table_args__ = (
        Index("conversations_by_owner", "owner", "updated_at", "id"),
        Index("conversations_by_time", "updated_at", "id"),
        Index("conversations_by_beginning", "created_at"),
        Index("conversations_by_person", "person"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    owner: Mapped[str] = mapped_column(String(32))
    # Digest of the name that the person signed in with; null for visitors and programs.
    person: Mapped[str | None] = mapped_column(String(32))
    title: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str | None] = mapped_column(String(16))  # of the newest document that was sent
    created_at: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[int] = mapped_column(BigInteger)
    turns: Mapped[list["Turn"]] = relationship(order_by="Turn.number", lazy="raise", viewonly=True)


class Turn(Base):
    """A question or an answer. `number` is the order of writing."""

    __tablename__ = "turns"
    __table_args__ = (
        Index("turns_by_conversation", "conversation_id", "number"),
        Index("turns_by_state", "state"),
        # Figures are read from these three alone, without the rows (gateway/reports/).
        Index("questions_by_time", "created_at", "number", "role", **_IS_NO_ANSWER),
        Index("answers_by_time", "created_at", *OF_ANSWER, **_IS_ANSWER),
        Index("answers_by_topic", "topic", "created_at", "number", *OF_TOPIC, **_HAS_TOPIC),
    )

    number: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(64), unique=True)
    conversation_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("conversations.id", ondelete="CASCADE")
    )
    role: Mapped[str] = mapped_column(String(16))  # user, assistant, staff
    state: Mapped[str] = mapped_column(String(16))  # writing, done, stopped, failed
    text: Mapped[str] = mapped_column(Text(), default="")
    created_at: Mapped[int] = mapped_column(BigInteger)
    model: Mapped[str | None] = mapped_column(String(256))
    degraded: Mapped[bool] = mapped_column(Boolean, default=False)
    citations: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    reading: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    suggestions: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)
    grounding: Mapped[dict[str, Any] | None] = mapped_column(JSON)  # {supported, unsupported}
    outcome: Mapped[str | None] = mapped_column(String(16))
    tools: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)  # the answer's tool events
    actions: Mapped[list[str] | None] = mapped_column(JSON)  # ids of those that it proposed
    # What a turn is that is no answer: {type: "action" or "handoff", …, status}.
    notice: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    author: Mapped[str | None] = mapped_column(String(256))  # the name of the staff member
    offer: Mapped[dict[str, Any] | None] = mapped_column(JSON)  # of a person: {reason, rule}
    # What an answer was about, for figures (gateway/storage/answer_facts.py).
    subject_kind: Mapped[str | None] = mapped_column(String(16))  # clause, tool, reading
    subject: Mapped[str | None] = mapped_column(String(200))
    topic: Mapped[int | None] = mapped_column(BigInteger)  # the same for one owner and subject
    is_ungrounded: Mapped[bool | None] = mapped_column(Boolean)  # null: it is no answer
    first_token_ms: Mapped[int | None] = mapped_column(BigInteger)  # since the request came
    duration_ms: Mapped[int | None] = mapped_column(BigInteger)
    prompt_tokens: Mapped[int | None] = mapped_column(BigInteger)
    completion_tokens: Mapped[int | None] = mapped_column(BigInteger)
    # Of the clauses, corrections and persona that an answer is made from.
    knowledge_version: Mapped[str | None] = mapped_column(String(16))
    # The gateway that writes this answer: if it died, the answer has failed.
    writer: Mapped[str | None] = mapped_column(String(64))
    files: Mapped[list["TurnFile"]] = relationship(
        order_by="TurnFile.place", lazy="raise", viewonly=True
    )
    feedback: Mapped["Feedback | None"] = relationship(lazy="raise", viewonly=True)


class TurnFile(Base):
    """A question's file; the file itself lies in the file store of the owner."""

    __tablename__ = "turn_files"
    __table_args__ = (Index("turn_files_by_file", "file_id"),)

    turn_number: Mapped[int] = mapped_column(
        ForeignKey("turns.number", ondelete="CASCADE"), primary_key=True
    )
    place: Mapped[int] = mapped_column(Integer, primary_key=True)
    file_id: Mapped[str] = mapped_column(String(64))


class Feedback(Base):
    __tablename__ = "feedback"
    __table_args__ = (Index("feedback_by_time", "asked_at", "rating"),)

    turn_number: Mapped[int] = mapped_column(
        ForeignKey("turns.number", ondelete="CASCADE"), primary_key=True
    )
    rating: Mapped[str] = mapped_column(String(8))  # up, down
    reason: Mapped[str | None] = mapped_column(Text())
    created_at: Mapped[int] = mapped_column(BigInteger)
    asked_at: Mapped[int] = mapped_column(BigInteger, server_default="0")  # of the turn


class Handoff(Base):
    """A conversation that a person is asked to take over (gateway/handoffs/)."""

    __tablename__ = "handoffs"
    __table_args__ = (
        Index("handoffs_by_conversation", "conversation_id"),
        Index("handoffs_living_number", "number", unique=True, **LIVING),
        Index("handoffs_living_conversation", "conversation_id", unique=True, **LIVING),
        Index("handoffs_by_status", "status", "created_at", "id"),
        Index("handoffs_due", "due_at"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, server_default="0")  # for people to say
    conversation_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("conversations.id", ondelete="CASCADE")
    )
    owner: Mapped[str] = mapped_column(String(32), server_default="")
    status: Mapped[str] = mapped_column(String(16))  # open, claimed, missed, resolved
    # asked, no_clause, loop, action, rule
    reason: Mapped[str] = mapped_column(String(16), server_default="asked")
    rule: Mapped[str] = mapped_column(String(64), server_default="")  # which one offered it
    note: Mapped[str] = mapped_column(Text(), default="")
    # How to reach the customer. The one text that is not masked: staff must be able to use it.
    contact: Mapped[str] = mapped_column(Text(), server_default="")
    summary: Mapped[str] = mapped_column(Text(), server_default="")
    details: Mapped[dict[str, Any] | None] = mapped_column(JSON)  # {asked, tried, cited}
    fields: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)
    pictures: Mapped[list[str] | None] = mapped_column(JSON)  # ids of files
    assignee: Mapped[str | None] = mapped_column(String(256))
    created_at: Mapped[int] = mapped_column(BigInteger)
    claimed_at: Mapped[int | None] = mapped_column(BigInteger)  # by the assignee
    first_claimed_at: Mapped[int | None] = mapped_column(BigInteger)
    # Milliseconds for which people had it, up to the last release or the end.
    handled: Mapped[int] = mapped_column(BigInteger, server_default="0")
    # Since when the customer waits for a word of the assignee.
    waiting_since: Mapped[int | None] = mapped_column(BigInteger)
    staff_at: Mapped[int | None] = mapped_column(BigInteger)  # of the last message of staff
    missed_at: Mapped[int | None] = mapped_column(BigInteger)
    resolved_at: Mapped[int | None] = mapped_column(BigInteger)
    due_at: Mapped[int | None] = mapped_column(BigInteger)  # when its time is over
    outcome: Mapped[str | None] = mapped_column(String(16))  # solved, unsolved
    resolution: Mapped[str] = mapped_column(Text(), server_default="")  # the note at the end
    version: Mapped[int] = mapped_column(Integer, server_default="0")  # steps so far


class FieldCorrection(Base):
    """What a person says that a field of a picture is. It holds for the whole conversation."""

    __tablename__ = "field_corrections"

    conversation_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True
    )
    image: Mapped[str] = mapped_column(String(128), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    was: Mapped[str] = mapped_column(String(500), primary_key=True)  # "": not said
    value: Mapped[str] = mapped_column(String(500))
    created_at: Mapped[int] = mapped_column(BigInteger)


class ClauseCorrection(Base):
    """A better answer by staff, which serves as a clause."""

    __tablename__ = "clause_corrections"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    answer: Mapped[str] = mapped_column(String(64))  # the answer that it corrects
    questions: Mapped[list[str]] = mapped_column(JSON)
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text())
    author: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[int] = mapped_column(BigInteger)


class Backup(Base):
    """A backup that was made, or is being made under a lease. A failed one can be tried again."""

    __tablename__ = "backups"
    __table_args__ = (Index("backups_by_end", "finished_at"),)

    # When it was due by the schedule, or when it was asked for.
    slot: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    worker: Mapped[str] = mapped_column(String(64))  # the gateway that makes it
    lease_until: Mapped[int | None] = mapped_column(BigInteger)
    finished_at: Mapped[int | None] = mapped_column(BigInteger)  # null: not made, or not yet
    name: Mapped[str] = mapped_column(String(200), default="")  # of the archive
    size: Mapped[int] = mapped_column(BigInteger, default=0)  # in bytes
    error: Mapped[str] = mapped_column(Text(), default="")  # of the last try


# Every table: what a restore replaces must not depend on which modules are imported.
TABLES: tuple[type[Base], ...] = (
    *(Conversation, Turn, TurnFile, Feedback, Handoff, FieldCorrection, ClauseCorrection),
    *(Action, AuditEntry, StoredEvent, WebhookCursor, WebhookDelivery, Backup, SignInSession),
    DayTally,
)

"""Questions and answers as they come: a question opens two turns, its answer fills the second."""

import secrets
import time
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from gateway.privacy.redacted_readings import masked_readings
from gateway.privacy.redaction import mask
from gateway.storage.database import Database
from gateway.storage.models import Conversation, Turn, TurnFile
from gateway.storage.owners import digest, no_conversation, unused_files

State = Literal["done", "stopped", "failed"]
TITLE_CHARACTERS = 40
MAX_TEXT = 200_000  # characters of one turn; an engine's context holds less


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: whose, where, what, with which files, and the turn in whose place it comes."""

    owner: str
    conversation_id: str
    answer_id: str
    text: str
    file_ids: tuple[str, ...] = ()
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    turn_id: str
    # What `replaces` removed: answers that may still be written, and files that nothing uses any more.
    removed_answers: tuple[str, ...] = ()
    removed_files: tuple[str, ...] = ()


@dataclass(slots=True)
class Answered:
    """What came of a question, unmasked."""

    state: State
    text: str = ""
    model: str | None = None
    degraded: bool = False
    citations: list[dict[str, Any]] = field(default_factory=list)
    reading: list[dict[str, Any]] = field(default_factory=list)


def now() -> int:
    return time.time_ns() // 1_000_000


def cut(text: str) -> str:
    """Masked, then cut, with a margin: half a phone number is not one that masking knows."""
    return mask(text[: MAX_TEXT + 64])[:MAX_TEXT]


def open_turns(database: Database, asked: Asked) -> Opened:
    """Stores the question and an empty answer. Raises NotFound where the conversation is another owner's, StoreUnavailable."""
    text, moment, owner = cut(asked.text), now(), digest(asked.owner)
    with database.writing() as session:
        # One statement makes the conversation or locks it: two tabs that ask at once come one behind the other.
        made = database.insert(Conversation).values(
            id=asked.conversation_id,
            owner=owner,
            title=title_of(text),
            created_at=moment,
            updated_at=moment,
        )
        mine = made.on_conflict_do_update(
            index_elements=["id"], set_={"updated_at": moment}, where=Conversation.owner == owner
        )
        conversation_id = session.scalar(mine.returning(Conversation.id))
        if conversation_id is None:
            raise no_conversation(asked.conversation_id)
        answers, files = _remove_from(session, conversation_id, asked.replaces)
        turn_id = "turn-" + secrets.token_urlsafe(12)
        shared = {"conversation_id": conversation_id, "created_at": moment}
        question = Turn(id=turn_id, role="user", state="done", text=text, **shared)
        session.add(question)
        session.flush()
        session.add_all(
            TurnFile(turn_number=question.number, place=n, file_id=f)
            for n, f in enumerate(asked.file_ids)
        )
        session.add(
            Turn(
                id=asked.answer_id,
                role="assistant",
                state="writing",
                writer=database.writer,
                **shared,
            )
        )
        session.flush()
        return Opened(turn_id, answers, unused_files(session, owner, files))


def _remove_from(
    session: Session, conversation_id: str, turn_id: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Removes the turn and all after it: the answers and the files that went. A turn that is gone already is no fault."""
    if not turn_id:
        return (), ()
    here = Turn.conversation_id == conversation_id
    first = session.scalar(select(Turn.number).where(here, Turn.id == turn_id))
    if first is None:
        return (), ()
    gone = (here, Turn.number >= first)
    answers = session.scalars(select(Turn.id).where(*gone, Turn.state == "writing")).all()
    files = session.scalars(
        select(TurnFile.file_id).join(Turn, Turn.number == TurnFile.turn_number).where(*gone)
    ).all()
    session.execute(delete(Turn).where(*gone))
    return tuple(answers), tuple(files)


def close_turn(database: Database, answer_id: str, answered: Answered) -> None:
    """Fills the answer's turn, unless its conversation was deleted meanwhile. Raises StoreUnavailable."""
    values = {
        "state": answered.state,
        "text": cut(answered.text),
        "model": answered.model[:256] if answered.model else None,
        "degraded": answered.degraded,
        "citations": answered.citations,
        "reading": masked_readings(answered.reading),
        "writer": None,
    }
    with database.writing() as session:
        turn = (
            update(Turn)
            .where(Turn.id == answer_id)
            .values(**values)
            .returning(Turn.conversation_id)
        )
        conversation_id = session.scalar(turn)
        if conversation_id is not None:
            session.execute(
                update(Conversation)
                .where(Conversation.id == conversation_id)
                .values(updated_at=now())
            )


def title_of(masked: str) -> str:
    return " ".join(masked.split())[:TITLE_CHARACTERS]

"""Better answers by staff, which serve as clauses."""

import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from gateway.errors import InvalidRequest, NotFound
from gateway.privacy.redaction import mask
from gateway.storage.database import Database
from gateway.storage.models import ClauseCorrection, Turn
from gateway.storage.turns import now

MAX_CORRECTIONS = 5_000
TITLE_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """`created_at`: milliseconds since 1970."""

    id: str
    answer: str
    questions: list[str]
    title: str
    text: str
    author: str
    created_at: int

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": "correction",
            "answer": self.answer,
            "questions": self.questions,
            "title": self.title,
            "text": self.text,
            "author": self.author,
            "created_at": self.created_at // 1000,
        }


class ClauseCorrections:
    """Synchronous: call it from threads. All raise StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, answer: str, text: str, questions: list[str], author: str) -> CorrectionRow:
        """Keeps a better answer for the question of `answer` and for `questions`, whoever asked it.

        Questions are masked, as all stored ones; the text is knowledge and is kept as written. The
        title, which others see, is never what the customer said.
        Raises NotFound where there is no such answer, InvalidRequest beyond MAX_CORRECTIONS.
        """
        with self._database.writing() as session:
            turn = _answer(session, answer)
            count = session.scalar(select(func.count()).select_from(ClauseCorrection)) or 0
            if count >= MAX_CORRECTIONS:
                raise InvalidRequest(
                    f"There are {count} corrections; at most {MAX_CORRECTIONS} are kept.",
                    details={"limit": MAX_CORRECTIONS, "size": count},
                )
            asked = question_before(session, turn)
            known = [one for one in (asked, *map(mask, questions)) if one.strip()]
            row = CorrectionRow(
                id="correction-" + secrets.token_urlsafe(12),
                answer=answer,
                questions=list(dict.fromkeys(known)),
                title=title_of(questions, text),
                text=text,
                author=author,
                created_at=now(),
            )
            session.add(ClauseCorrection(**{name: getattr(row, name) for name in row.__slots__}))
        return row

    def question_of(self, answer: str) -> str:
        """The question, as it is stored, that an answer was given to. Raises NotFound."""
        with self._database.reading() as session:
            return question_before(session, _answer(session, answer))

    def remove(self, correction_id: str) -> None:
        """Raises NotFound."""
        with self._database.writing() as session:
            wanted = delete(ClauseCorrection).where(ClauseCorrection.id == correction_id)
            found: Any = session.execute(wanted)
            if not found.rowcount:
                raise NotFound(
                    "There is no such correction.",
                    param="id",
                    details={"name": correction_id[:64]},
                )

    def state(self) -> tuple[int, int]:
        """(how many, time of the newest): changes with nearly every change of the table."""
        wanted = select(func.count(), func.coalesce(func.max(ClauseCorrection.created_at), 0))
        with self._database.reading() as session:
            count, newest = session.execute(wanted).one()
        return int(count), int(newest)

    def every(self) -> list[CorrectionRow]:
        """All, newest first."""
        wanted = select(ClauseCorrection).order_by(ClauseCorrection.created_at.desc())
        with self._database.reading() as session:
            return [
                CorrectionRow(
                    one.id,
                    one.answer,
                    list(one.questions),
                    one.title,
                    one.text,
                    one.author,
                    one.created_at,
                )
                for one in session.scalars(wanted)
            ]


def _answer(session: Session, answer: str) -> Turn:
    turn = session.scalar(select(Turn).where(Turn.id == answer, Turn.role == "assistant"))
    if turn is None:
        raise NotFound("There is no such answer.", param="answer", details={"name": answer[:64]})
    return turn


def question_before(session: Session, turn: Turn) -> str:
    """Empty where nobody asked before."""
    asked = session.scalar(
        select(Turn.text)
        .where(
            Turn.conversation_id == turn.conversation_id,
            Turn.role == "user",
            Turn.number < turn.number,
        )
        .order_by(Turn.number.desc())
        .limit(1)
    )
    return asked or ""


def title_of(questions: list[str], text: str) -> str:
    """Staff's first question, else the beginning of the text."""
    words = mask(questions[0]) if questions else text
    return " ".join(words.split())[:TITLE_CHARACTERS]

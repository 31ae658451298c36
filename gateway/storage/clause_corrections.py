"""Better answers by staff, which serve as clauses."""

import secrets
from collections.abc import Mapping, Sequence
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

    def has(self, words: str) -> bool:
        """`words`: in lower case."""
        return any(words in one.lower() for one in (self.title, self.text, *self.questions))

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
                raise no_correction(correction_id, "id")

    def state(self) -> tuple[int, int]:
        """(how many, time of the newest): changes with nearly every change of the table."""
        wanted = select(func.count(), func.coalesce(func.max(ClauseCorrection.created_at), 0))
        with self._database.reading() as session:
            count, newest = session.execute(wanted).one()
        return int(count), int(newest)

    def every(self) -> list[CorrectionRow]:
        """All, newest first."""
        columns = (getattr(ClauseCorrection, name) for name in CorrectionRow.__slots__)
        newest = ClauseCorrection.created_at.desc(), ClauseCorrection.id.desc()
        with self._database.reading() as session:
            return [
                CorrectionRow(*row) for row in session.execute(select(*columns).order_by(*newest))
            ]

    def page(self, query: str, limit: int, after: str = "") -> dict[str, Any]:
        """{object, data, has_more}: those whose text, title or questions hold `query`, in any case,
        newest first. `after`: the id of the last one that is known.

        All are read: there are MAX_CORRECTIONS at most. Raises NotFound for an unknown `after`.
        """
        rows = self.every()
        if after:
            places = [place for place, row in enumerate(rows) if row.id == after]
            if not places:
                raise no_correction(after, "after")
            rows = rows[places[0] + 1 :]
        wanted = query.strip().lower()
        found = [row for row in rows if row.has(wanted)]
        data = [row.as_json() for row in found[:limit]]
        return {"object": "list", "data": data, "has_more": len(found) > limit}

    def of_groups(self, groups: Sequence[Mapping[str, Any]]) -> list[list[str]]:
        """For each group {answers, examples} the ids of corrections of one of its answers, or with
        one of its questions."""
        wanted = select(ClauseCorrection.id, ClauseCorrection.answer, ClauseCorrection.questions)
        with self._database.reading() as session:
            rows = session.execute(wanted).all()
        return [
            [
                name
                for name, answer, questions in rows
                if answer in group["answers"] or not set(questions).isdisjoint(group["examples"])
            ]
            for group in groups
        ]


def no_correction(correction_id: str, param: str) -> NotFound:
    name = correction_id[:64]
    return NotFound("There is no such correction.", param=param, details={"name": name})


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

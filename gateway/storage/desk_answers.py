"""Answers that staff look at to make the next ones better: rated down, ungrounded, or without a
clause; of all owners."""

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload

from gateway.errors import NotFound
from gateway.storage.clause_corrections import question_before
from gateway.storage.database import Database
from gateway.storage.models import ClauseCorrection, Feedback, Turn
from gateway.storage.turns import now

DAY_MS = 86_400_000

Filter = Literal["down", "ungrounded", "no_clause"]


class DeskAnswers:
    """Synchronous: call it from threads. All raise StoreUnavailable, UpstreamTimeout."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, filter_: Filter, days: int, limit: int, before: str = "") -> dict[str, Any]:
        """Answers of the last so many days, newest first: {object, data: [{id, conversation_id,
        created_at, question, text, outcome, citations, unsupported, rating, reason,
        corrections}], has_more}. `before`: the id of the last one that is known.

        Raises NotFound for an unknown `before`.
        """
        with self._database.searching() as session:
            wanted = _wanted(filter_).where(Turn.created_at >= now() - days * DAY_MS)
            if before:
                wanted = wanted.where(Turn.number < _number(session, before))
            newest = wanted.order_by(Turn.number.desc()).limit(limit + 1)
            turns = session.scalars(newest.options(selectinload(Turn.feedback))).all()
            corrections = _corrections(session, turns)
            data = [_row(session, turn, corrections.get(turn.id, [])) for turn in turns[:limit]]
        return {"object": "list", "data": data, "has_more": len(turns) > limit}


def _wanted(filter_: Filter) -> Select[Any]:
    answers = select(Turn).where(Turn.role == "assistant")
    if filter_ == "down":
        rated = answers.join(Feedback, Feedback.turn_number == Turn.number)
        return rated.where(Feedback.rating == "down")
    if filter_ == "ungrounded":
        return answers.where(Turn.is_ungrounded.is_(True))
    return answers.where(Turn.outcome == "no_clause")


def _number(session: Session, answer: str) -> int:
    number = session.scalar(select(Turn.number).where(Turn.id == answer))
    if number is None:
        name = answer[:64]
        raise NotFound("There is no such answer.", param="before", details={"name": name})
    return number


def _corrections(session: Session, turns: Sequence[Turn]) -> dict[str, list[str]]:
    """The ids of the corrections of each answer that has some."""
    found: dict[str, list[str]] = {}
    ids = [turn.id for turn in turns]
    wanted = select(ClauseCorrection.answer, ClauseCorrection.id)
    for answer, correction in session.execute(wanted.where(ClauseCorrection.answer.in_(ids))):
        found.setdefault(answer, []).append(correction)
    return found


def _row(session: Session, turn: Turn, corrections: list[str]) -> dict[str, Any]:
    return {
        "id": turn.id,
        "conversation_id": turn.conversation_id,
        "created_at": turn.created_at // 1000,
        "question": question_before(session, turn),
        "text": turn.text,
        "outcome": turn.outcome,
        "citations": turn.citations,
        "unsupported": (turn.grounding or {}).get("unsupported", []),
        "rating": turn.feedback.rating if turn.feedback else None,
        "reason": turn.feedback.reason if turn.feedback else None,
        "corrections": corrections,
    }

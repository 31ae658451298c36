"""Questions for which no clause was found: how many, and the newest of them to be grouped.

To be grouped are also those whose answer only asked "did you mean …?", citing nothing: such a
suggestion is often far off, and the clause is missing all the same."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, func, not_, or_, select
from sqlalchemy.orm import Session, aliased

from gateway.reports.answers import IS_ANSWER, within
from gateway.reports.period import Period
from gateway.storage.models import Turn

MOST = 1_000  # that are read and grouped; more are counted only
MAX_TEXT = 500  # characters of a question
NO_ITEMS = ("[]", "null")  # a JSON column without a list


def _is_empty(column: Any) -> ColumnElement[bool]:
    return func.coalesce(cast(column, Text), "null").in_(NO_ITEMS)


IS_REFUSED = Turn.outcome == "no_clause"
IS_GUESSED = and_(
    Turn.outcome == "clarify", _is_empty(Turn.citations), not_(_is_empty(Turn.suggestions))
)


@dataclass(frozen=True, slots=True)
class Unanswered:
    text: str  # masked
    conversation_id: str
    answer_id: str
    created_at: int  # milliseconds since 1970


def newest(session: Session, period: Period) -> list[Unanswered]:
    """At most MOST, newest first. A question is the turn before its answer."""
    question = aliased(Turn)
    before = (
        select(func.max(question.number))
        .where(
            question.conversation_id == Turn.conversation_id,
            question.number < Turn.number,
            question.role == "user",
        )
        .correlate(Turn)
        .scalar_subquery()
    )
    answers = (
        select(Turn.id, Turn.conversation_id, Turn.created_at, before.label("asked"))
        .where(IS_ANSWER, or_(IS_REFUSED, IS_GUESSED), within(Turn.created_at, period))
        .order_by(Turn.created_at.desc(), Turn.number.desc())
        .limit(MOST)
        .subquery()
    )
    asked = aliased(Turn)
    rows = (
        select(
            func.substr(asked.text, 1, MAX_TEXT),
            answers.c.conversation_id,
            answers.c.id,
            answers.c.created_at,
        )
        .join(asked, asked.number == answers.c.asked)
        .order_by(answers.c.created_at.desc(), asked.number.desc())
    )
    return [Unanswered(*row) for row in session.execute(rows)]

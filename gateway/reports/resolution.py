"""How many questions were resolved: confirmed by people, and assumed by a rule."""

from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from gateway.reports.answers import how_many, within
from gateway.reports.period import DAY_MS, Period
from gateway.storage.models import Feedback, Handoff, Turn

RETURN_MS = DAY_MS  # whoever asks about the subject again by then was not helped
LONG_MS = 60 * DAY_MS
WITH_BASIS = ("clause", "tool")


def resolution(
    thumbs_up: int, solved: int, assumed: int, pending: int, minutes: float
) -> dict[str, Any]:
    """{confirmed, thumbs_up, solved, assumed, pending, resolved, minutes_saved, hours_saved}.

    `pending` would be assumed, but 24 hours are not over yet.
    """
    resolved = thumbs_up + solved + assumed
    return {
        "confirmed": thumbs_up + solved,
        "thumbs_up": thumbs_up,
        "solved": solved,
        "assumed": assumed,
        "pending": pending,
        "resolved": resolved,
        "minutes_saved": minutes,
        "hours_saved": round(resolved * minutes / 60, 2),
    }


def assumed(session: Session, period: Period, now_ms: int) -> tuple[int, int]:
    """(assumed, pending)."""
    # Of a long period all answers are read in the order of their topics. An expression keeps
    # SQLite from an index of times, from which it would look up every row.
    is_long = period.end - period.start > LONG_MS
    moment = func.coalesce(Turn.created_at, 0) if is_long else Turn.created_at
    order = func.lead(Turn.created_at).over(
        partition_by=Turn.topic, order_by=(Turn.created_at, Turn.number)
    )
    answers = (
        select(
            Turn.number,
            Turn.conversation_id,
            Turn.created_at,
            Turn.outcome,
            Turn.subject_kind,
            order.label("next_at"),
        )
        .where(
            Turn.topic.is_not(None),  # only answers have one
            moment >= period.start,
            moment < period.end + RETURN_MS,
        )
        .subquery()
    )
    stayed_away = or_(
        answers.c.next_at.is_(None),
        answers.c.next_at >= answers.c.created_at + RETURN_MS,
    )
    # Read once into a table in memory, instead of a look into an index for each answer.
    rated = select(Feedback.turn_number).where(within(Feedback.asked_at, period))
    handed = select(Handoff.conversation_id)
    is_over = answers.c.created_at < now_ms - RETURN_MS
    counted = select(func.count(), how_many(is_over)).where(
        and_(
            within(answers.c.created_at, period),
            answers.c.outcome == "answered",
            answers.c.subject_kind.in_(WITH_BASIS),
            stayed_away,
            answers.c.number.not_in(rated),
            answers.c.conversation_id.not_in(handed),
        )
    )
    every, over = session.execute(counted).one()
    return int(over), int(every) - int(over)

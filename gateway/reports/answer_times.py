"""How long people waited for answers, what answers were about, and how they were rated."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.reports.answers import IS_ANSWER, IS_DONE, within
from gateway.reports.durations import durations
from gateway.reports.period import Period
from gateway.storage.models import Feedback, Turn

MAX_SUBJECTS, MAX_REASONS = 50, 50


def waiting_times(session: Session, period: Period) -> dict[str, Any]:
    """{first_token_ms, answer_ms}, each as `durations`. Answers that are `done` count."""
    return {
        "first_token_ms": _times(session, Turn.first_token_ms, period),
        "answer_ms": _times(session, Turn.duration_ms, period),
    }


def _times(session: Session, column: Any, period: Period) -> dict[str, Any]:
    rows = (
        select(column, func.count())
        .where(within(Turn.created_at, period), IS_ANSWER, IS_DONE, column.is_not(None))
        .group_by(column)
    )
    return durations((int(time), int(times)) for time, times in session.execute(rows))


def subjects(session: Session, period: Period) -> dict[str, Any]:
    """{subjects: [{kind, subject, questions}], other_subjects, without_subject}: the MAX_SUBJECTS
    with most questions; questions of all others, and of answers that rest on nothing."""
    rows = (
        select(Turn.subject_kind, Turn.subject, func.count().label("questions"))
        .where(within(Turn.created_at, period), IS_ANSWER)
        .group_by(Turn.subject_kind, Turn.subject)
        .order_by(func.count().desc(), Turn.subject_kind, Turn.subject)
    )
    found = session.execute(rows).all()
    named = [
        {"kind": kind, "subject": subject, "questions": int(count)}
        for kind, subject, count in found
        if kind is not None
    ]
    return {
        "subjects": named[:MAX_SUBJECTS],
        "other_subjects": sum(int(str(one["questions"])) for one in named[MAX_SUBJECTS:]),
        "without_subject": sum(int(count) for kind, _, count in found if kind is None),
    }


def ratings(session: Session, period: Period) -> dict[str, Any]:
    """{up, down, reasons: [{rating, reason, count}]} of answers of the period; the MAX_REASONS most
    frequent reasons."""
    rows = (
        select(Feedback.rating, Feedback.reason, func.count())
        .where(within(Feedback.asked_at, period))
        .group_by(Feedback.rating, Feedback.reason)
        .order_by(func.count().desc(), Feedback.rating, Feedback.reason)
    )
    found = session.execute(rows).all()
    given = [
        {"rating": rating, "reason": reason, "count": int(count)}
        for rating, reason, count in found
        if reason
    ]
    return {
        "up": sum(int(count) for rating, _, count in found if rating == "up"),
        "down": sum(int(count) for rating, _, count in found if rating == "down"),
        "reasons": given[:MAX_REASONS],
    }

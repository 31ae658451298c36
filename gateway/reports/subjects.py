"""What answers were about, and how they were rated."""

from collections import Counter
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.reports.answers import within
from gateway.reports.period import Period
from gateway.reports.tally import Tally
from gateway.storage.models import Feedback

MAX_SUBJECTS, MAX_REASONS = 50, 50


def subjects(tally: Tally) -> dict[str, Any]:
    """{subjects: [{kind, subject, questions}], other_subjects, without_subject}: the MAX_SUBJECTS
    with most questions; questions of all others, and of answers that rest on nothing."""
    counts: Counter[tuple[str | None, str]] = Counter()
    for kind, subject, questions in tally.subjects:
        counts[kind, subject or ""] += questions
    without = counts.pop((None, ""), 0)
    named = sorted(counts.items(), key=lambda item: (-item[1], str(item[0][0]), item[0][1]))
    return {
        "subjects": [
            {"kind": kind, "subject": subject, "questions": questions}
            for (kind, subject), questions in named[:MAX_SUBJECTS]
        ],
        "other_subjects": sum(questions for _, questions in named[MAX_SUBJECTS:]),
        "without_subject": without,
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

"""What figures count of a span of time. Tallies of two spans can be added, and kept as JSON."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.reports.answers import ASSISTANT, IS_ANSWER, IS_DONE, how_many, within
from gateway.reports.period import Period
from gateway.reports.resolution import assumed
from gateway.storage.models import Feedback, Handoff, Turn

QUARTER_MS = 900_000  # a quarter of an hour: no day and no hour of any zone cuts it
OUTCOMES = ("answered", "clarify", "no_clause", "smalltalk", "handoff")
STATES = ("done", "stopped", "failed", "writing")
OF_ANSWERS: dict[str, Any] = {
    "answers": func.count(),
    **{name: how_many(Turn.outcome == name) for name in OUTCOMES},
    **{name: how_many(Turn.state == name) for name in STATES},
    "degraded": how_many(Turn.degraded.is_(True)),
    "ungrounded": how_many(Turn.is_ungrounded.is_(True)),
    "prompt": func.coalesce(func.sum(Turn.prompt_tokens), 0),
    "completion": func.coalesce(func.sum(Turn.completion_tokens), 0),
}
OF_MESSAGES: dict[str, Any] = {
    "questions": how_many(Turn.role == "user"),
    "staff_messages": how_many(Turn.role == "staff"),
}
OF_RATINGS: dict[str, Any] = {
    "up": how_many(Feedback.rating == "up"),
    "down": how_many(Feedback.rating == "down"),
}
OF_HANDOFFS: dict[str, Any] = {"handoffs": func.count()}
COUNTS = (*OF_ANSWERS, *OF_MESSAGES, *OF_RATINGS, *OF_HANDOFFS)
WIDTH = 1 + len(COUNTS)


@dataclass(slots=True)
class Tally:
    """Flat lists, since a year has hundreds of thousands of numbers.

    `quarters`: of each quarter of an hour its number since 1970, then COUNTS. `first_token_ms` and
    `answer_ms`: a time, how often it was, the next time. `subjects`: [kind, subject, answers].
    """

    quarters: list[int] = field(default_factory=list)
    first_token_ms: list[int] = field(default_factory=list)
    answer_ms: list[int] = field(default_factory=list)
    subjects: list[tuple[str | None, str | None, int]] = field(default_factory=list)
    assumed: int = 0
    pending: int = 0

    def add(self, other: "Tally") -> None:
        """`other`: of another span."""
        self.quarters += other.quarters
        self.first_token_ms += other.first_token_ms
        self.answer_ms += other.answer_ms
        self.subjects += other.subjects
        self.assumed += other.assumed
        self.pending += other.pending


def tally_of(session: Session, span: Period, now_ms: int) -> Tally:
    """Counts what is stored of the span."""
    over, pending = assumed(session, span, now_ms)
    return Tally(
        quarters=_quarters(session, span),
        first_token_ms=_times(session, Turn.first_token_ms, span),
        answer_ms=_times(session, Turn.duration_ms, span),
        subjects=_subjects(session, span),
        assumed=over,
        pending=pending,
    )


def _quarters(session: Session, span: Period) -> list[int]:
    rows: dict[int, dict[str, int]] = {}
    for moment, sums, where in (
        (Turn.created_at, OF_ANSWERS, (IS_ANSWER,)),
        (Turn.created_at, OF_MESSAGES, (Turn.role != ASSISTANT,)),
        (Feedback.asked_at, OF_RATINGS, ()),
        (Handoff.created_at, OF_HANDOFFS, ()),
    ):
        quarter = (moment // QUARTER_MS).label("quarter")
        wanted = select(quarter, *sums.values()).where(within(moment, span), *where)
        for number, *values in session.execute(wanted.group_by("quarter")):
            counted = zip(sums, map(int, values), strict=True)
            rows.setdefault(int(number), {}).update(counted)
    flat: list[int] = []
    for number, counts in sorted(rows.items()):
        flat += (number, *(counts.get(name, 0) for name in COUNTS))
    return flat


def _times(session: Session, column: Any, span: Period) -> list[int]:
    """Of answers that are `done`."""
    wanted = (
        select(column, func.count())
        .where(within(Turn.created_at, span), IS_ANSWER, IS_DONE, column.is_not(None))
        .group_by(column)
    )
    return [int(number) for row in session.execute(wanted) for number in row]


def _subjects(session: Session, span: Period) -> list[tuple[str | None, str | None, int]]:
    wanted = (
        select(Turn.subject_kind, Turn.subject, func.count())
        .where(within(Turn.created_at, span), IS_ANSWER)
        .group_by(Turn.subject_kind, Turn.subject)
    )
    return [(kind, subject, int(count)) for kind, subject, count in session.execute(wanted)]

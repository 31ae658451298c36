"""Counts of questions, answers, ratings and hand-overs, by day and by hour of the day."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from gateway.reports.answers import ASSISTANT, IS_ANSWER, how_many, within
from gateway.reports.period import Period
from gateway.storage.models import Conversation, Feedback, Handoff, Turn

OUTCOMES = ("answered", "clarify", "no_clause", "smalltalk", "handoff")
STATES = ("done", "stopped", "failed", "writing")
OF_DAY = ("questions", "answers", "up", "down", "handoffs")
MAX_EMPTY = timedelta(days=400)
Bucket = dict[str, int]


def counted(session: Session, period: Period) -> dict[str, Any]:
    """{questions, answers, staff_messages, conversations, outcomes, states, degraded, ungrounded,
    tokens, by_day, by_hour}: docs/records.md has the formulas."""
    buckets: dict[int, Bucket] = {}
    for rows in (_answers(session, period), _questions(session, period)):
        _merge(buckets, rows)
    _merge(buckets, _ratings(session, period))
    _merge(buckets, _handoffs(session, period))
    total: Counter[str] = Counter()
    for counts in buckets.values():
        total.update(counts)
    began = select(func.count()).where(within(Conversation.created_at, period))
    return {
        "conversations": session.scalar(began) or 0,
        "questions": total["questions"],
        "answers": total["answers"],
        "staff_messages": total["staff_messages"],
        "outcomes": {name: total[name] for name in OUTCOMES},
        "states": {name: total[name] for name in STATES},
        "degraded": total["degraded"],
        "ungrounded": total["ungrounded"],
        "tokens": {"prompt": total["prompt"], "completion": total["completion"]},
        "by_day": list(_days(buckets, period)),
        "by_hour": _hours(buckets, period),
    }


def _merge(buckets: dict[int, Bucket], rows: Iterator[tuple[int, Bucket]]) -> None:
    for number, counts in rows:
        buckets.setdefault(number, {}).update(counts)


def _bucket(moment: Any, period: Period) -> Any:
    return (moment // (1000 * period.bucket_seconds)).label("bucket")


def _answers(session: Session, period: Period) -> Iterator[tuple[int, Bucket]]:
    sums = {
        "answers": func.count(),
        **{name: how_many(Turn.outcome == name) for name in OUTCOMES},
        **{name: how_many(Turn.state == name) for name in STATES},
        "degraded": how_many(Turn.degraded.is_(True)),
        "ungrounded": how_many(Turn.is_ungrounded.is_(True)),
        "prompt": func.coalesce(func.sum(Turn.prompt_tokens), 0),
        "completion": func.coalesce(func.sum(Turn.completion_tokens), 0),
    }
    return _grouped(session, Turn.created_at, period, sums, IS_ANSWER)


def _questions(session: Session, period: Period) -> Iterator[tuple[int, Bucket]]:
    sums = {
        "questions": how_many(Turn.role == "user"),
        "staff_messages": how_many(Turn.role == "staff"),
    }
    return _grouped(session, Turn.created_at, period, sums, Turn.role != ASSISTANT)


def _ratings(session: Session, period: Period) -> Iterator[tuple[int, Bucket]]:
    sums = {"up": how_many(Feedback.rating == "up"), "down": how_many(Feedback.rating == "down")}
    return _grouped(session, Feedback.asked_at, period, sums)


def _handoffs(session: Session, period: Period) -> Iterator[tuple[int, Bucket]]:
    return _grouped(session, Handoff.created_at, period, {"handoffs": func.count()})


def _grouped(
    session: Session, moment: Any, period: Period, sums: dict[str, Any], *where: Any
) -> Iterator[tuple[int, Bucket]]:
    rows = (
        select(_bucket(moment, period), *sums.values())
        .where(and_(within(moment, period), *where))
        .group_by("bucket")
    )
    for number, *values in session.execute(rows):
        yield int(number), dict(zip(sums, map(int, values), strict=True))


def _days(buckets: dict[int, Bucket], period: Period) -> Iterator[dict[str, Any]]:
    """Every day of the period. Of a long one, those from the first to the last with a count."""
    days: dict[date, Counter[str]] = {}
    for number, counts in buckets.items():
        day = period.local(1000 * period.bucket_seconds * number).date()
        days.setdefault(day, Counter()).update(counts)
    day, last = period.local(period.start).date(), period.local(period.end - 1).date()
    if last - day > MAX_EMPTY:
        day, last = min(days, default=last), max(days, default=last)
    while day <= last:
        counts = days.get(day, Counter())
        told = {name: counts[name] for name in OF_DAY}
        outcomes = {name: counts[name] for name in OUTCOMES}
        tokens = {"prompt": counts["prompt"], "completion": counts["completion"]}
        yield {"date": day.isoformat(), **told, "outcomes": outcomes, "tokens": tokens}
        day += timedelta(days=1)


def _hours(buckets: dict[int, Bucket], period: Period) -> list[dict[str, int]]:
    hours: list[Counter[str]] = [Counter() for _ in range(24)]
    for number, counts in buckets.items():
        hours[period.local(1000 * period.bucket_seconds * number).hour].update(counts)
    return [
        {"hour": hour, **{name: counts[name] for name in OF_DAY}}
        for hour, counts in enumerate(hours)
    ]

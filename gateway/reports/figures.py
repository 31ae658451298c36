"""All figures of a period (docs/records.md has their formulas)."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from gateway.reports.answers import within
from gateway.reports.by_time import counted
from gateway.reports.day_tallies import count_quickly, tally_of_days
from gateway.reports.durations import durations
from gateway.reports.period import Period
from gateway.reports.resolution import resolution
from gateway.reports.subjects import ratings, subjects
from gateway.reports.unanswered import Unanswered, newest
from gateway.reports.work_of_people import actions, handoffs
from gateway.storage.database import Database
from gateway.storage.models import Conversation
from gateway.storage.turns import now


@dataclass(frozen=True, slots=True)
class Found:
    """`figures` has everything but the groups of `unanswered`."""

    figures: dict[str, Any]
    unanswered: list[Unanswered]


class Figures:
    """Synchronous: call it from threads. Raises StoreUnavailable, UpstreamTimeout."""

    def __init__(self, database: Database, minutes_saved: float) -> None:
        """`minutes_saved` by a resolved question."""
        self._database = database
        self._minutes_saved = minutes_saved

    def read(self, period: Period) -> Found:
        moment = now()
        began = select(func.count()).where(within(Conversation.created_at, period))
        with self._database.reading() as session:
            count_quickly(session, self._database)
            tally = tally_of_days(session, period, moment)
            conversations = session.scalar(began) or 0
            rated = ratings(session, period)
            handed = handoffs(session, period)
            acted = actions(session, period)
            unanswered = newest(session, period)
        counts = counted(tally, period)
        figures = {
            "object": "stats",
            "from": period.start // 1000,
            "to": -(-period.end // 1000),
            "zone": period.zone.key,
            "created_at": moment // 1000,
            "conversations": conversations,
            **counts,
            **subjects(tally),
            "first_token_ms": durations(tally.first_token_ms),
            "answer_ms": durations(tally.answer_ms),
            "without_clause": {"questions": counts["outcomes"]["no_clause"]},
            "ratings": rated,
            "handoffs": handed,
            "actions": acted,
            "resolution": resolution(
                rated["up"], handed["solved"], tally.assumed, tally.pending, self._minutes_saved
            ),
        }
        return Found(figures, unanswered)

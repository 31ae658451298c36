"""How much an owner asked, rated and handed over, in all and by day."""

import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.storage.database import Database
from gateway.storage.models import Conversation, Feedback, Handoff, Turn
from gateway.storage.owners import digest

DAY_SECONDS = 86_400
DAYS = 30


class Stats:
    """Synchronous: call it from threads. All raise StoreUnavailable, UpstreamTimeout."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(self, owner: str) -> dict[str, Any]:
        """The owner's counts, in all and for each of the last 30 days (UTC), oldest first.

        {object, conversations, questions, answers, handoffs, ratings: {up, down},
        days: [{date: "2026-11-29", questions, answers, up, down, handoffs}]}
        """
        mine = Conversation.owner == digest(owner)
        today = int(time.time()) // DAY_SECONDS
        with self._database.reading() as session:
            conversations = (
                session.scalar(select(func.count()).select_from(Conversation).where(mine)) or 0
            )
            kinds = {
                "questions": _by_day(session, Turn.created_at, mine, Turn.role == "user"),
                "answers": _by_day(
                    session, Turn.created_at, mine, Turn.role == "assistant", Turn.notice.is_(None)
                ),
                "up": _by_day(session, Feedback.created_at, mine, Feedback.rating == "up"),
                "down": _by_day(session, Feedback.created_at, mine, Feedback.rating == "down"),
                "handoffs": _by_day(session, Handoff.created_at, mine),
            }
        days = [
            {"date": _date(day), **{kind: count[day] for kind, count in kinds.items()}}
            for day in range(today - DAYS + 1, today + 1)
        ]
        total = {kind: count.total() for kind, count in kinds.items()}
        ratings = {"up": total.pop("up"), "down": total.pop("down")}
        return {
            "object": "stats",
            "conversations": conversations,
            **total,
            "ratings": ratings,
            "days": days,
        }


def _by_day(session: Session, moment: Any, *conditions: Any) -> Counter[int]:
    """Rows of the table of the column `moment` by day, a day being a number of days since 1970."""
    day = (moment // (1000 * DAY_SECONDS)).label("day")
    rows = select(day, func.count()).select_from(moment.class_)
    if moment.class_ is Feedback:
        rows = rows.join(Turn, Turn.number == Feedback.turn_number)
    table = Handoff if moment.class_ is Handoff else Turn
    rows = rows.join(Conversation, Conversation.id == table.conversation_id)
    return Counter(
        {
            int(number): count
            for number, count in session.execute(rows.where(*conditions).group_by("day")).all()
        }
    )


def _date(day: int) -> str:
    return datetime.fromtimestamp(day * DAY_SECONDS, UTC).date().isoformat()

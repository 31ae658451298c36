"""What people say of answers: ratings, hand-overs to a person, and the counts of both."""

import secrets
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.errors import NotFound
from gateway.privacy.redaction import mask
from gateway.storage.database import Database
from gateway.storage.models import Conversation, Feedback, Handoff, Turn
from gateway.storage.owners import digest, no_conversation
from gateway.storage.turns import now

DAY_SECONDS = 86_400
DAYS = 30


class Verdicts:
    """All calls wait for the database: run them in a thread. All raise StoreUnavailable; NotFound for what is another's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rate(
        self, owner: str, answer_id: str, rating: str, reason: str | None
    ) -> tuple[bool, str | None]:
        """Whether the rating is a new one, and the reason as it is kept; a second rating replaces the first."""
        values: dict[str, Any] = {
            "rating": rating,
            "reason": mask(reason) if reason else None,
            "created_at": now(),
        }
        with self._database.writing() as session:
            wanted = (
                select(Turn.number)
                .join(Conversation, Conversation.id == Turn.conversation_id)
                .where(
                    Turn.id == answer_id,
                    Turn.role == "assistant",
                    Conversation.owner == digest(owner),
                )
                .with_for_update()
            )
            number = session.scalar(wanted)
            if number is None:
                raise NotFound(
                    "There is no such answer of yours.", param="answer", details={"name": answer_id}
                )
            before = session.scalar(select(Feedback.rating).where(Feedback.turn_number == number))
            insert = self._database.insert(Feedback).values(turn_number=number, **values)
            session.execute(
                insert.on_conflict_do_update(index_elements=["turn_number"], set_=values)
            )
            return before != rating, values["reason"]

    def hand_over(self, owner: str, conversation_id: str, note: str) -> dict[str, Any]:
        with self._database.writing() as session:
            mine = (Conversation.id == conversation_id, Conversation.owner == digest(owner))
            if session.scalar(select(Conversation.id).where(*mine).with_for_update()) is None:
                raise no_conversation(conversation_id)
            made = Handoff(
                id="handoff-" + secrets.token_urlsafe(12),
                conversation_id=conversation_id,
                note=mask(note),
                status="open",
                created_at=now(),
            )
            session.add(made)
            return {
                "id": made.id,
                "object": "handoff",
                "conversation_id": conversation_id,
                "status": made.status,
                "created_at": made.created_at // 1000,
            }

    def counts(self, owner: str) -> dict[str, Any]:
        """The owner's counts, in all and for each of the last 30 days (UTC), oldest first."""
        mine = Conversation.owner == digest(owner)
        today = int(time.time()) // DAY_SECONDS
        with self._database.reading() as session:
            conversations = (
                session.scalar(select(func.count()).select_from(Conversation).where(mine)) or 0
            )
            kinds = {
                "questions": _by_day(session, Turn.created_at, mine, Turn.role == "user"),
                "answers": _by_day(session, Turn.created_at, mine, Turn.role == "assistant"),
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
    """How many rows of the moment's table on each day, in days since 1970."""
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

"""Hand-overs in lists for staff."""

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.orm import Session

from gateway.handoffs.as_json import for_staff
from gateway.handoffs.queue import no_handoff
from gateway.handoffs.states import WAITING
from gateway.service_hours import ALWAYS, ServiceHours
from gateway.storage.database import Database
from gateway.storage.models import Conversation, Handoff, Turn

Filter = Literal["open", "claimed", "mine", "missed", "resolved"]
MAX_WORDS = 200  # characters of the last message

# Made once: the timers ask it every second, and a statement leaves a reference cycle.
COUNT_WAITING = select(func.count(), func.min(Handoff.created_at)).where(
    Handoff.status.in_(WAITING)
)


class HandoffLists:
    """Synchronous: call it from threads. All raise StoreUnavailable, UpstreamTimeout."""

    def __init__(self, database: Database, hours: ServiceHours = ALWAYS) -> None:
        self._database = database
        self._hours = hours

    def page(self, who: str, status: Filter | None, limit: int, before: str = "") -> dict[str, Any]:
        """Newest first: {object, data, has_more, counts: {open, claimed, mine, missed}}.

        `who`: whose the hand-overs of `mine` are. `status`: None for all. `before`: id of the last
        one of the previous page. Each has `title` and `last` {role, text, author, created_at} of
        its conversation. Raises NotFound for an unknown `before`.
        """
        with self._database.reading() as session:
            wanted = select(Handoff, Conversation.title).join(
                Conversation, Conversation.id == Handoff.conversation_id
            )
            wanted = wanted.where(*_where(who, status))
            if before:
                place = session.execute(
                    select(Handoff.created_at, Handoff.id).where(Handoff.id == before)
                ).one_or_none()
                if place is None:
                    raise no_handoff(before)
                wanted = wanted.where(tuple_(Handoff.created_at, Handoff.id) < tuple_(*place))
            newest = wanted.order_by(Handoff.created_at.desc(), Handoff.id.desc())
            rows = session.execute(newest.limit(limit + 1)).all()
            last = _last(session, [handoff.conversation_id for handoff, _ in rows[:limit]])
            data = [
                {
                    **for_staff(handoff, self._hours),
                    "title": title,
                    "last": last.get(handoff.conversation_id),
                }
                for handoff, title in rows[:limit]
            ]
            counts = self._counts(session, who)
        return {"object": "list", "data": data, "has_more": len(rows) > limit, "counts": counts}

    def waiting(self) -> tuple[int, int | None]:
        """(how many wait for a person, when the oldest was asked for in ms since 1970)."""
        with self._database.reading() as session:
            count, oldest = session.execute(COUNT_WAITING).one()
        return count, oldest

    def _counts(self, session: Session, who: str) -> dict[str, int]:
        rows = session.execute(
            select(Handoff.status, func.count())
            .where(Handoff.status.in_((*WAITING, "claimed")))
            .group_by(Handoff.status)
        )
        counts = {"open": 0, "claimed": 0, "missed": 0, **{row[0]: row[1] for row in rows}}
        mine = select(func.count()).where(*_where(who, "mine"))
        return {**counts, "mine": session.scalar(mine) or 0}


def _where(who: str, status: Filter | None) -> list[ColumnElement[bool]]:
    if status is None:
        return []
    if status == "mine":
        return [Handoff.status == "claimed", Handoff.assignee == who]
    return [Handoff.status == status]


def _last(session: Session, conversation_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The newest words of each conversation."""
    newest = (
        select(func.max(Turn.number))
        .where(Turn.conversation_id.in_(conversation_ids), Turn.text != "")
        .group_by(Turn.conversation_id)
    )
    rows = session.execute(
        select(
            Turn.conversation_id,
            Turn.role,
            func.substr(Turn.text, 1, MAX_WORDS),
            Turn.author,
            Turn.created_at,
        ).where(Turn.number.in_(newest))
    )
    return {
        conversation_id: {
            "role": role,
            "text": text,
            "author": author,
            "created_at": created_at // 1000,
        }
        for conversation_id, role, text, author, created_at in rows
    }

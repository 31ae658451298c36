"""What people think of an answer: a rating, and a reason."""

from typing import Any

from sqlalchemy import select

from gateway.errors import NotFound
from gateway.privacy.redaction import mask
from gateway.storage.database import Database
from gateway.storage.events import record_event
from gateway.storage.models import Conversation, Feedback, Turn
from gateway.storage.owners import digest
from gateway.storage.turns import now


class Ratings:
    """Synchronous: call it from threads. All raise StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rate(
        self, owner: str, answer_id: str, rating: str, reason: str | None
    ) -> tuple[bool, str | None]:
        """Keeps a rating, "up" or "down", with its reason; it replaces an earlier one.

        Returns (whether the rating is new or another one, the reason as stored: masked). Raises
        NotFound where the answer is not the owner's.
        """
        values: dict[str, Any] = {
            "rating": rating,
            "reason": mask(reason) if reason else None,
            "created_at": now(),
        }
        with self._database.writing() as session:
            wanted = (
                select(Turn.number, Turn.conversation_id, Turn.created_at)
                .join(Conversation, Conversation.id == Turn.conversation_id)
                .where(
                    Turn.id == answer_id,
                    Turn.role == "assistant",
                    Conversation.owner == digest(owner),
                )
                .with_for_update()
            )
            found = session.execute(wanted).one_or_none()
            if found is None:
                raise NotFound(
                    "There is no such answer of yours.", param="answer", details={"name": answer_id}
                )
            number, conversation_id, values["asked_at"] = found
            before = session.scalar(select(Feedback.rating).where(Feedback.turn_number == number))
            insert = self._database.insert(Feedback).values(turn_number=number, **values)
            session.execute(
                insert.on_conflict_do_update(index_elements=["turn_number"], set_=values)
            )
            given = {"rating": rating, "reason": values["reason"]}
            told = {"conversation_id": conversation_id, "answer": answer_id, **given}
            record_event(session, "feedback.given", conversation_id, told)
            return before != rating, values["reason"]

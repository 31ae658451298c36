"""Hand-overs as customers ask for them and as staff answer them."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from gateway.errors import NotFound
from gateway.handoffs.as_json import as_json, brief, for_staff
from gateway.handoffs.claims import Claims
from gateway.handoffs.creation import living_in, open_handoff
from gateway.handoffs.decisions import check_theirs, claim, release, resolve, time_is_over
from gateway.handoffs.states import Outcome
from gateway.handoffs.steps import (
    Step,
    add_turn,
    forget_handoff_words,
    lock_conversation,
    record,
    stop_answers,
    take,
)
from gateway.handoffs.summary import summary_of
from gateway.observability.metrics import Metrics
from gateway.privacy.redaction import mask
from gateway.privacy.storable import storable
from gateway.service_hours import ALWAYS, ServiceHours
from gateway.storage.database import Database
from gateway.storage.models import Conversation, Handoff, Turn
from gateway.storage.owners import digest, no_conversation
from gateway.storage.turns import now

Decide = Callable[[Handoff], Step | None]
Also = Callable[[Session, Handoff], None]  # what more is done in the transaction of a step


class Handoffs:
    """Synchronous: call it from threads. All raise StoreUnavailable.

    Where `who` is asked for, it is the name of the staff member. Times are seconds.
    """

    def __init__(
        self,
        database: Database,
        metrics: Metrics,
        claims: Claims,
        hours: ServiceHours = ALWAYS,
        *,
        claim_timeout: float = 600,
        silence: float = 300,
    ) -> None:
        """`claim_timeout`: until an unclaimed one is missed, in service hours. `silence`: without a
        word of the assignee until it goes back to the queue."""
        self._database = database
        self._metrics = metrics
        self._claims = claims
        self._hours = hours
        self._claim_timeout = claim_timeout
        self._silence = silence

    def hand_over(
        self, owner: str, conversation_id: str, note: str = "", contact: str = ""
    ) -> tuple[dict[str, Any], bool]:
        """Asks for a person. Returns (the hand-over, whether it is new).

        While one is not resolved the same is returned, with the contact where that is new. The
        note is stored masked, the contact is not. Raises NotFound where the conversation is not
        the owner's.
        """
        note, contact = mask(note), storable(contact.strip())
        with self._database.writing() as session:
            mine = (Conversation.id == conversation_id, Conversation.owner == digest(owner))
            if session.scalar(select(Conversation.id).where(*mine).with_for_update()) is None:
                raise no_conversation(conversation_id)
            handoff = living_in(session, conversation_id)
            is_new = handoff is None
            if handoff is None:
                handoff = open_handoff(
                    session,
                    self._database,
                    conversation_id,
                    {"owner": digest(owner), "note": note, "contact": contact},
                    summary_of(session, conversation_id),
                    self._hours,
                    self._claim_timeout,
                )
            else:
                session.expunge(handoff)
                self._add_contact(session, handoff, contact)
        if is_new:
            self._metrics.handoffs.labels(handoff.reason).inc()
        return as_json(handoff, self._hours), is_new

    def _add_contact(self, session: Session, handoff: Handoff, contact: str) -> None:
        if contact and contact != handoff.contact:
            status: Any = handoff.status
            take(session, handoff, Step(status, "contact", {"contact": contact}), self._hours)

    def close_deleted(self, session: Session, conversation_id: str) -> None:
        """Ends the hand-over of a conversation that this transaction deletes. Its row goes with the
        conversation, and earlier events keep no words."""
        forget_handoff_words(session, conversation_id)
        handoff = living_in(session, conversation_id)
        if handoff is not None:
            session.expunge(handoff)
            told = brief(handoff) | {
                "status": "resolved",
                "resolved_at": now() // 1000,
                "note": "",
                "version": handoff.version + 1,
            }
            record(session, handoff, "handoff.resolved", told, cause="deleted", turn=None)
            self._claims.changed(told)

    def get(self, handoff_id: str) -> dict[str, Any]:
        """For staff. Raises NotFound."""
        with self._database.reading() as session:
            handoff = session.get(Handoff, handoff_id)
            if handoff is None:
                raise no_handoff(handoff_id)
            return for_staff(handoff, self._hours)

    def claim(self, who: str, handoff_id: str) -> tuple[dict[str, Any], Sequence[str]]:
        """Returns (the hand-over, ids of answers that were being written: the caller stops them).

        Raises NotFound, HandoffTaken.
        """
        stopped: list[str] = []

        def decide(handoff: Handoff) -> Step | None:
            return claim(handoff, who, self._silence)

        def stop(session: Session, handoff: Handoff) -> None:
            stopped.extend(stop_answers(session, handoff.conversation_id))

        return self._staff_step(handoff_id, decide, stop), stopped

    def release(self, who: str, handoff_id: str) -> dict[str, Any]:
        """Back to the queue. Raises NotFound, HandoffTaken."""

        def decide(handoff: Handoff) -> Step:
            check_theirs(handoff, who)
            return release(handoff, "released", self._hours, self._claim_timeout)

        return self._staff_step(handoff_id, decide)

    def resolve(self, who: str, handoff_id: str, outcome: Outcome, note: str) -> dict[str, Any]:
        """The note is stored masked, for staff. Raises NotFound, HandoffTaken."""
        masked = mask(note)
        return self._staff_step(handoff_id, lambda one: resolve(one, who, outcome, masked))

    def say(self, who: str, handoff_id: str, text: str, key: str = "") -> dict[str, Any]:
        """A message of the assignee, stored masked as a turn. Returns the turn.

        `key`: made by the client; the same message, sent again with the same key, is not told
        twice. Raises NotFound, HandoffTaken.
        """
        turn_id = "turn-" + _digest(f"{handoff_id} {who} {key}") if key else ""
        with self._database.writing() as session:
            handoff = self._locked(session, handoff_id)
            said = session.scalar(select(Turn).where(Turn.id == turn_id)) if key else None
            if said is not None:
                return message_json(said)
            check_theirs(handoff, who)
            turn = add_turn(
                session, handoff, role="staff", text=mask(text), author=who, turn_id=turn_id
            )
            moment = now()
            due_at = moment + round(1000 * self._silence)
            values = {"staff_at": moment, "waiting_since": None, "due_at": due_at}
            session.execute(update(Handoff).where(Handoff.id == handoff.id).values(**values))
            handoff.waiting_since = None
            record(session, handoff, "handoff.message", brief(handoff), turn=turn)
            return turn

    def due(self, moment: int, limit: int) -> list[str]:
        """Ids of hand-overs whose time is over at `moment`, in milliseconds since 1970."""
        wanted = select(Handoff.id).where(Handoff.due_at <= moment).order_by(Handoff.due_at)
        with self._database.reading() as session:
            return list(session.scalars(wanted.limit(limit)))

    def end_time(self, handoff_id: str) -> bool:
        """Takes the step that is due, unless another gateway does. Returns whether one was."""

        def decide(handoff: Handoff) -> Step | None:
            return time_is_over(handoff, now(), self._hours, self._claim_timeout)

        with self._database.writing() as session:
            wanted = select(Handoff.conversation_id).where(Handoff.id == handoff_id)
            conversation_id = session.scalar(wanted)
            if conversation_id is None or not lock_conversation(
                session, conversation_id, skip_locked=True
            ):
                return False
            handoff, changed = self._decided(session, handoff_id, decide)
        if changed:
            self._claims.changed(brief(handoff))
        return changed

    def _staff_step(
        self, handoff_id: str, decide: Decide, also: Also = lambda session, handoff: None
    ) -> dict[str, Any]:
        with self._database.writing() as session:
            self._locked(session, handoff_id)
            handoff, changed = self._decided(session, handoff_id, decide)
            if changed:
                also(session, handoff)
        if changed:
            self._claims.changed(brief(handoff))
        return for_staff(handoff, self._hours)

    def _decided(self, session: Session, handoff_id: str, decide: Decide) -> tuple[Handoff, bool]:
        handoff = session.get_one(Handoff, handoff_id, populate_existing=True)
        session.expunge(handoff)
        step = decide(handoff)
        if step is not None:
            take(session, handoff, step, self._hours)
        return handoff, step is not None

    def _locked(self, session: Session, handoff_id: str) -> Handoff:
        """The hand-over, with the lock on its conversation. Raises NotFound."""
        wanted = select(Handoff.conversation_id).where(Handoff.id == handoff_id)
        conversation_id = session.scalar(wanted)
        if conversation_id is None or not lock_conversation(session, conversation_id):
            raise no_handoff(handoff_id)
        handoff = session.get(Handoff, handoff_id)
        if handoff is None:
            raise no_handoff(handoff_id)
        session.expunge(handoff)
        return handoff


def message_json(turn: Turn) -> dict[str, Any]:
    """A message of staff as events tell it."""
    return {
        "id": turn.id,
        "role": turn.role,
        "text": turn.text,
        "author": turn.author,
        "notice": turn.notice,
        "created_at": turn.created_at // 1000,
    }


def no_handoff(handoff_id: str) -> NotFound:
    return NotFound("There is no such hand-over.", param="id", details={"name": handoff_id[:64]})


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]

"""Erases a person: what is stored of them, found by the name that they signed in with."""

import secrets
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from gateway.actions.proposals import Actions
from gateway.errors import ActionExpired, ActionNotPending, StoreUnavailable
from gateway.reports.removal import BeforeDelete, Removed, remove
from gateway.reports.retention import ENDED
from gateway.storage.action_tables import Action, AuditEntry
from gateway.storage.database import Database
from gateway.storage.file_store import FileStore
from gateway.storage.models import Conversation
from gateway.storage.owners import digest, person_digest
from gateway.storage.turns import now

CONVERSATIONS = 50  # in one transaction
BY, REASON = "erasure", "the person was erased"


@dataclass(frozen=True, slots=True)
class Erased:
    """`receipt`: {id, object, user, conversations, files, actions, actions_left, time}.
    `running_answers`: the caller stops them."""

    receipt: dict[str, Any]
    running_answers: tuple[str, ...]


class Erasure:
    """Synchronous: call it from threads. Raises StoreUnavailable."""

    def __init__(
        self,
        database: Database,
        files: FileStore,
        actions: Actions,
        before_delete: BeforeDelete,
        key_names: Callable[[], Iterable[str]],
    ) -> None:
        """`key_names`: of the API keys that make embed tokens, for conversations that do not know
        their person yet."""
        self._database = database
        self._files = files
        self._actions = actions
        self._before_delete = before_delete
        self._key_names = key_names

    def erase(self, name: str, who: str) -> Erased:
        """Removes the conversations, files and personal parts of actions of everyone who signed in
        as `name`. `who`, a staff member, stands in the audit; the name does not.

        Actions that are being carried out are left as they are (`actions_left`): once they have
        ended, a second call erases them. Where the files cannot be reached, nothing is erased.
        """
        # Without its conversations nobody would find the files of a person again.
        if not self._files.works():
            raise StoreUnavailable(
                "The store of files does not answer; nothing was erased.", retry_after=60
            )
        owners = {digest(f"token:{key}:{name}") for key in self._key_names()}
        self._reject_proposed(name, owners)
        removed = Removed()
        while batch := self._remove_some(name, owners):
            removed.conversations += batch.conversations
            removed.running_answers += batch.running_answers
            owners |= batch.owners
        files = sum(self._files.erase(owner) for owner in owners)
        done, left = self._erase_actions(name, owners)
        receipt = {
            "id": "erasure-" + secrets.token_urlsafe(12),
            "object": "erasure",
            "conversations": removed.conversations,
            "files": files,
            "actions": done,
            "actions_left": left,
            "time": now() // 1000,
        }
        self._note(receipt, who)
        return Erased({**receipt, "user": name}, tuple(removed.running_answers))

    def _remove_some(self, name: str, owners: set[str]) -> Removed | None:
        """The next conversations; None where none is left."""
        theirs = or_(
            Conversation.person == person_digest(name), Conversation.owner.in_(sorted(owners))
        )
        with self._database.writing() as session:
            wanted = select(Conversation).where(theirs).order_by(Conversation.id)
            some = session.scalars(wanted.limit(CONVERSATIONS).with_for_update()).all()
            return remove(session, some, self._before_delete) if some else None

    def _erase_actions(self, name: str, owners: set[str]) -> tuple[int, int]:
        """(actions without personal parts now, actions that are not over yet)."""
        theirs = _theirs(name, owners)
        with self._database.writing() as session:
            found = session.execute(select(Action.id, Action.status).where(theirs)).all()
            over = [action_id for action_id, status in found if status in ENDED]
            _empty(session, over)
        return len(over), len(found) - len(over)

    def _reject_proposed(self, name: str, owners: set[str]) -> None:
        with self._database.reading() as session:
            proposed = session.scalars(
                select(Action.id).where(_theirs(name, owners), Action.status == "proposed")
            ).all()
        for action_id in proposed:
            with suppress(ActionExpired, ActionNotPending):
                self._actions.reject(BY, action_id, REASON)

    def _note(self, receipt: dict[str, Any], who: str) -> None:
        counts = ", ".join(
            f"{kind}: {receipt[kind]}" for kind in ("conversations", "files", "actions")
        )
        with self._database.writing() as session:
            session.add(
                AuditEntry(
                    action_id=receipt["id"],
                    time=1000 * int(receipt["time"]),
                    who=who,
                    was=None,
                    now="erased",
                    reason=counts,
                )
            )


def _theirs(name: str, owners: set[str]) -> ColumnElement[bool]:
    return or_(Action.user == name, Action.owner.in_(sorted(owners)))


def _empty(session: Session, action_ids: Sequence[str]) -> None:
    """What was done, when and by which staff stays; whose it was and what it held goes."""
    gone: dict[str, Any] = {
        "user": "",
        "owner": "",
        "arguments": {},
        "before": None,
        "result": None,
    }
    for action_id in action_ids:
        values = {**gone, "error": None, "conversation_id": "", "answer_id": ""}
        session.execute(update(Action).where(Action.id == action_id).values(**values))
        here = AuditEntry.action_id == action_id
        session.execute(update(AuditEntry).where(here).values(reason=""))

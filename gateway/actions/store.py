"""Stored actions: reading them, and steps of locked rows."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from gateway.actions.as_json import entry_as_json
from gateway.actions.bell import Bell
from gateway.actions.expiry_clock import ExpiryClock
from gateway.actions.held_secrets import HeldSecrets
from gateway.actions.steps import Step, begin, take
from gateway.connectors.tool import Tool
from gateway.errors import NotFound
from gateway.storage.action_tables import Action, AuditEntry
from gateway.storage.database import Database
from gateway.storage.owners import digest

HOLDER_SECONDS = 10

Checkpoint = Callable[[str], None]
Decide = Callable[[Action], Step | None]


def nothing(_: str) -> None:
    """No checkpoint."""


@dataclass(frozen=True, slots=True)
class Taken:
    """An action after `step`, and whether this call has changed it."""

    action: Action
    changed: bool


class ActionStore:
    """Synchronous: call it from threads. All raise StoreUnavailable.

    `checkpoint` is called before and after each commit. Tests kill the process there.
    """

    def __init__(self, database: Database, checkpoint: Checkpoint = nothing) -> None:
        self._database = database
        self._at = checkpoint
        self.writer = database.writer  # this gateway's name
        self.secrets = HeldSecrets()
        self.clock = ExpiryClock()
        self.bell = Bell()  # rings when an action can be run

    def add(self, action: Action, tool: Tool, who: str) -> None:
        with self._database.writing() as session:
            begin(session, action, tool, who)
            self._at(f"{action.status} before commit")
        self._at(f"{action.status} after commit")

    def step(
        self,
        action_id: str,
        tool_of: Callable[[str], Tool | None],
        decide: Decide,
        *,
        skip_locked: bool = False,
    ) -> Taken | None:
        """Locks the row and takes the step that `decide` returns, in one transaction.

        None where there is no such action, or with `skip_locked` where another gateway has locked
        it. Raises what `decide` raises; then nothing is changed.
        """
        with self._database.writing() as session:
            wanted = select(Action).where(Action.id == action_id)
            action = session.scalar(wanted.with_for_update(skip_locked=skip_locked))
            if action is None:
                return None
            session.expunge(action)
            step = decide(action)
            if step is None:
                return Taken(action, False)
            changed = take(session, action, tool_of(action.connector), step)
            self._at(f"{step.now} before commit")
        self._at(f"{step.now} after commit")
        return Taken(action, changed)

    def get(self, action_id: str) -> Action:
        """Raises NotFound."""
        with self._database.reading() as session:
            return _found(session.get(Action, action_id), action_id, session)

    def of_owner(self, owner: str, action_id: str) -> Action:
        """Raises NotFound, also where the action is another owner's."""
        action = self.get(action_id)
        if action.owner != digest(owner):
            raise no_action(action_id)
        return action

    def same_proposal(self, action: Action, moment: int) -> Action | None:
        """A proposal with the same arguments in the same conversation that is open at `moment`."""
        wanted = select(Action).where(
            Action.conversation_id == action.conversation_id,
            Action.owner == action.owner,
            Action.status == "proposed",
            Action.connector == action.connector,
            Action.expires_at > moment,
        )
        with self._database.reading() as session:
            return next(
                (one for one in _detached(session, wanted) if one.arguments == action.arguments),
                None,
            )

    def count_open(self, owner: str, moment: int) -> int:
        """Proposals that are open at `moment`. `owner`: the digest."""
        mine = (Action.status == "proposed", Action.owner == owner, Action.expires_at > moment)
        with self._database.reading() as session:
            return session.scalar(select(func.count()).where(*mine)) or 0

    def open_in(self, owner: str, conversation_id: str) -> Sequence[str]:
        """Ids of proposals. `owner`: the digest."""
        mine = (Action.owner == owner, Action.conversation_id == conversation_id)
        with self._database.reading() as session:
            return session.scalars(
                select(Action.id).where(*mine, Action.status == "proposed")
            ).all()

    def newest_in(self, owner: str, conversation_id: str) -> Sequence[Action]:
        """Those that the newest answer with any has proposed, oldest first. `owner`: the digest."""
        here = (Action.conversation_id == conversation_id, Action.owner == owner)
        newest = (
            select(Action.answer_id)
            .where(*here, Action.parent_id.is_(None))
            .order_by(Action.created_at.desc())
            .limit(1)
            .scalar_subquery()
        )
        wanted = select(Action).where(*here, Action.answer_id == newest, Action.parent_id.is_(None))
        with self._database.reading() as session:
            return _detached(session, wanted.order_by(Action.created_at, Action.id))

    def newest(self, status: str | None, limit: int) -> Sequence[Action]:
        """Newest first. `status`: None for all."""
        wanted = select(Action).order_by(Action.created_at.desc(), Action.id).limit(limit)
        if status is not None:
            wanted = wanted.where(Action.status == status)
        with self._database.reading() as session:
            return _detached(session, wanted)

    def audit(self, action_id: str | None, since: int, limit: int) -> list[dict[str, Any]]:
        """The newest entries as JSON, oldest first. `since`: milliseconds since 1970."""
        wanted = select(AuditEntry).where(AuditEntry.time >= since)
        if action_id is not None:
            wanted = wanted.where(AuditEntry.action_id == action_id)
        wanted = wanted.order_by(AuditEntry.number.desc()).limit(limit)
        with self._database.reading() as session:
            return [entry_as_json(one) for one in reversed(list(session.scalars(wanted)))]

    def pending(
        self, moment: int, far: int, running: Sequence[str], expiry: int, most: tuple[int, int]
    ) -> tuple[list[str], list[str]]:
        """Ids of (actions to run, proposals whose time was over at `expiry`), at most so many.

        To run are confirmed ones, due retries, and those whose worker has died. `running`: what
        this gateway runs. `far`: a time beyond it was written before the clock was set back, and is
        over too. What another gateway must run, which holds its secret arguments,
        is to run here after HOLDER_SECONDS: that gateway is gone then.
        """
        over = (Action.status == "proposed", Action.expires_at <= expiry)
        given = {
            "writer": self.writer,
            "moment": moment,
            "held_before": moment - 1000 * HOLDER_SECONDS,
            "far": far,
            "running": list(running),
            "most": most[0],
        }
        with self._database.reading() as session:
            due = list(session.scalars(DUE, given))
            return due, list(session.scalars(select(Action.id).where(*over).limit(most[1])))

    def renew(self, action_ids: Iterable[str], until: int) -> None:
        """Extends the leases of what this gateway runs, to `until` in milliseconds since 1970."""
        mine = (
            Action.id.in_(list(action_ids)),
            Action.worker == self.writer,
            Action.status == "running",
            Action.lease_until.is_not(None),
        )
        with self._database.connected() as connection:
            connection.execute(update(Action).where(*mine).values(lease_until=until))


def no_action(action_id: str) -> NotFound:
    return NotFound("There is no such action.", param="id", details={"name": action_id[:64]})


def _found(action: Action | None, action_id: str, session: Session) -> Action:
    if action is None:
        raise no_action(action_id)
    session.expunge(action)
    return action


def _detached(session: Session, wanted: Select[Action]) -> Sequence[Action]:
    found = list(session.scalars(wanted))
    session.expunge_all()
    return found


def _due() -> Select[str]:
    """Takes `writer`, `moment`, `far`, `running`, `held_before`, `most`."""
    left = _passed(Action.decided_at, bindparam("held_before"))
    mine = or_(Action.worker.is_(None), Action.worker == bindparam("writer"), left)
    retry = and_(Action.lease_until.is_(None), _passed(Action.due_at, bindparam("moment")))
    lapsed = and_(Action.lease_until.is_not(None), _passed(Action.lease_until, bindparam("moment")))
    # One of each owner first: whoever confirms a hundred does not keep the others waiting.
    turn = func.row_number().over(partition_by=Action.owner, order_by=Action.created_at)
    return (
        select(Action.id)
        .where(
            Action.status.in_(("confirmed", "running")),
            or_(
                and_(Action.status == "confirmed", mine),
                and_(Action.status == "running", or_(retry, lapsed)),
            ),
            Action.id.not_in(bindparam("running", expanding=True)),
        )
        .order_by(turn, Action.created_at)
        .limit(bindparam("most"))
    )


def _passed(column: Any, moment: Any) -> Any:
    return or_(column <= moment, column > bindparam("far"))


# Made once: every `in_` that is written leaves a reference cycle, and the worker asks for ever.
DUE = _due()

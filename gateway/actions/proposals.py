"""Actions as the assistant proposes them and as people decide about them."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from gateway.actions.as_json import as_json
from gateway.actions.decisions import (
    cancellation,
    confirmation,
    expiry,
    not_pending,
    refuse_expired,
    wrong_arguments,
)
from gateway.actions.masked import masked_arguments, restored
from gateway.actions.new_action import new_action
from gateway.actions.notifications import with_message
from gateway.actions.sentences import TOO_MANY, reason_of, told
from gateway.actions.steps import ASSISTANT, CUSTOMER, Step
from gateway.actions.store import ActionStore, Decide, no_action
from gateway.connectors.tool import Done, Identity, Refused, Tool, Tools, WrongArguments
from gateway.errors import ActionExpired, InvalidRequest, QueueFull, StaffOnly
from gateway.observability.metrics import Metrics
from gateway.privacy.redaction import mask
from gateway.storage.action_tables import Action
from gateway.storage.owners import digest
from gateway.storage.turns import now

# Open proposals of one owner: more would bury what staff have to decide about for others. Behind a
# key are all customers of a system.
MAX_OPEN, MAX_OPEN_OF_KEY = 50, 2_000
DELETED = "the conversation was deleted"


class Actions:
    """Synchronous: call it from threads. All raise StoreUnavailable.

    Owners see their own actions as they are, staff see all of them masked. Where `who` is asked
    for, it is the name of the staff member.
    """

    def __init__(self, store: ActionStore, tools: Tools, metrics: Metrics, expires: float) -> None:
        """`expires`: seconds that a proposal holds where its connector does not say."""
        self._store = store
        self._tools = tools
        self._metrics = metrics
        self._expires = expires

    def propose(
        self,
        tool: Tool,
        arguments: Mapping[str, Any],
        identity: Identity,
        owner: str,
        conversation_id: str,
        answer_id: str,
        language: str,
        before: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Keeps a write that a person must confirm. `conversation_id`: "" on `/v1`.

        An open proposal of the same write in the same conversation is returned instead of a second
        one. Returns the action as JSON. Raises WrongArguments, and QueueFull where the owner has
        too many open ones.
        """
        tool.check(arguments)
        shown = {name: one for name, one in arguments.items() if name not in tool.secrets}
        hidden = {name: one for name, one in arguments.items() if name in tool.secrets}
        action = new_action(tool, shown, identity, digest(owner), language)
        action.conversation_id, action.answer_id = conversation_id, answer_id
        action.before = _without(before, tool.secrets)
        action.expires_at = self._store.clock.now() + round(
            1000 * (self._expires if tool.confirm.seconds is None else tool.confirm.seconds)
        )
        if conversation_id and not hidden:
            same = self._store.same_proposal(action, self._store.clock.now())
            if same is not None:
                return as_json(same, tool)
        self._check_room(owner, action)
        if hidden:
            action.worker = self._store.writer
            self._store.secrets.keep(action.id, hidden)
        self._store.add(action, tool, ASSISTANT)
        self._count(action)
        return as_json(action, tool)

    def of_owner(self, owner: str, action_id: str) -> dict[str, Any]:
        """Raises NotFound, also for another owner's."""
        return self._json(self._store.of_owner(owner, action_id))

    def states(self, owner: str, conversation_id: str) -> list[dict[str, Any]]:
        """What became of the conversation's newest proposals: [{title, by, status, text}], the
        title by language. `text`: its result in words, or why it was not done; masked."""
        return [
            {
                "title": dict(action.title),
                "by": action.by,
                "status": action.status,
                "text": mask(str((action.result or {}).get("text") or action.error or "")),
            }
            for action in self._store.newest_in(digest(owner), conversation_id)
        ]

    def confirm(self, owner: str, action_id: str) -> dict[str, Any]:
        """Raises NotFound, StaffOnly, ActionNotPending, ActionExpired."""
        self._customers(owner, action_id)
        confirmed = self._decide(action_id, lambda action: confirmation(action, CUSTOMER, None, ""))
        return self._json(confirmed)

    def cancel(self, owner: str, action_id: str, reason: str = "") -> dict[str, Any]:
        """Raises NotFound, StaffOnly, ActionNotPending, ActionExpired."""
        self._customers(owner, action_id)

        def decide(action: Action) -> Step | None:
            return cancellation(action, CUSTOMER, mask(reason), told(action, "cancelled"))

        return self._json(self._decide(action_id, decide))

    def withdraw(self, owner: str, conversation_id: str) -> None:
        """Cancels what nobody has decided of a conversation that its owner has deleted. That masks
        the arguments too."""

        def decide(action: Action) -> Step | None:
            open_ = action.status == "proposed"
            return cancellation(action, CUSTOMER, DELETED, "") if open_ else None

        for action_id in self._store.open_in(digest(owner), conversation_id):
            with suppress(ActionExpired):
                self._decide(action_id, decide)

    def for_staff(self, action_id: str) -> dict[str, Any]:
        """Raises NotFound."""
        return self._json(self._store.get(action_id), is_masked=True)

    def listed(self, status: str | None, limit: int) -> list[dict[str, Any]]:
        """Newest first, masked. `status`: None for all."""
        return [self._json(one, is_masked=True) for one in self._store.newest(status, limit)]

    def approve(
        self, who: str, action_id: str, edited: Mapping[str, Any] | None = None, reason: str = ""
    ) -> dict[str, Any]:
        """`edited`: new values of some arguments. What equals the masked value, as staff see it,
        also inside of an argument, stays as it is.

        Raises NotFound, ActionNotPending, ActionExpired, and InvalidRequest where the edited
        arguments do not fit the tool.
        """

        def decide(action: Action) -> Step | None:
            arguments = None if edited is None else self._edited(action, edited)
            return confirmation(action, who, arguments, reason)

        return self._json(self._decide(action_id, decide), is_masked=True)

    def reject(self, who: str, action_id: str, reason: str) -> dict[str, Any]:
        """`reason` is told to the customer. Raises NotFound, ActionNotPending, ActionExpired."""

        def decide(action: Action) -> Step | None:
            return cancellation(action, who, mask(reason), told(action, "rejected", reason))

        return self._json(self._decide(action_id, decide), is_masked=True)

    def settle(self, who: str, action_id: str, *, is_done: bool, note: str) -> dict[str, Any]:
        """Ends an unknown action as a person has found it. `note` stays in the audit.

        Raises NotFound, ActionNotPending.
        """

        def decide(action: Action) -> Step | None:
            if action.status != "unknown":
                raise not_pending(action)
            tool = self._tools.find(action.connector)
            ended: dict[str, Any] = {"finished_at": now(), "error": None}
            if is_done:
                sentence = told(action, "done")
                step = Step("done", who, note, ended, turn=sentence)
                return with_message(step, action, tool, self._tools, Done({}), sentence)
            ended["error"] = reason_of(action, "settled")
            sentence = told(action, "failed", ended["error"])
            step = Step("failed", who, note, ended, turn=sentence)
            return with_message(step, action, tool, self._tools, Refused(ended["error"]))

        settled = self._decide(action_id, decide)
        self._store.bell.ring()  # a message may follow
        return self._json(settled, is_masked=True)

    def audit(self, action_id: str | None, since: int, limit: int) -> list[dict[str, Any]]:
        """The newest steps, oldest first: {time, who, action, from, to, reason}. `since`: seconds
        since 1970."""
        return self._store.audit(action_id, 1000 * since, limit)

    def _check_room(self, owner: str, action: Action) -> None:
        """Raises QueueFull."""
        most = MAX_OPEN_OF_KEY if owner.startswith("key:") else MAX_OPEN
        if self._store.count_open(action.owner, self._store.clock.now()) >= most:
            raise QueueFull(TOO_MANY.get(action.language, TOO_MANY["en"]), details={"limit": most})

    def _customers(self, owner: str, action_id: str) -> None:
        """Raises NotFound, StaffOnly."""
        if self._store.of_owner(owner, action_id).by != "customer":
            raise StaffOnly("This action is staff's to decide.")

    def _decide(self, action_id: str, decide: Decide) -> Action:
        """Takes the step, or ends a proposal whose time is over.

        Raises NotFound, ActionExpired, and what `decide` raises.
        """

        def on_time(action: Action) -> Step | None:
            late = expiry(action, self._store.clock.now())
            if late is not None or action.status == "expired":
                return late
            return decide(action)

        taken = self._store.step(action_id, self._tools.find, on_time)
        if taken is None:
            raise no_action(action_id)
        action = taken.action
        if taken.changed:
            self._count(action)
            if action.status == "confirmed":
                self._store.bell.ring()
            else:
                self._store.secrets.drop(action.id)
        refuse_expired(action)
        return action

    def _edited(self, action: Action, edited: Mapping[str, Any]) -> dict[str, Any]:
        """All arguments with the edited ones. Raises InvalidRequest."""
        tool = self._tools.find(action.connector)
        if tool is None:
            raise InvalidRequest("Its connector is no longer configured.", param="arguments")
        if tool.secrets & set(edited):
            raise InvalidRequest("Secret arguments cannot be edited.", param="arguments")
        shown = masked_arguments(action.arguments, tool.field_of)
        arguments = {**action.arguments, **restored(edited, action.arguments, shown)}
        try:
            tool.check({**arguments, **(self._store.secrets.get(action.id) or {})})
        except WrongArguments as error:
            # Another gateway may hold the secret arguments, and checks them before it runs.
            if not error.missing or not tool.secrets.issuperset(error.missing):
                raise wrong_arguments(error.problems, error.missing) from None
        return arguments

    def _json(self, action: Action, *, is_masked: bool = False) -> dict[str, Any]:
        return as_json(action, self._tools.find(action.connector), is_masked=is_masked)

    def _count(self, action: Action) -> None:
        self._metrics.actions.labels(action.connector, action.status).inc()


def _without(values: Mapping[str, Any] | None, secret: frozenset[str]) -> dict[str, Any] | None:
    if values is None:
        return None
    return {name: one for name, one in values.items() if name not in secret}

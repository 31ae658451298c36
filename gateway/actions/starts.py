"""Whether a due action can be sent now: looked at under the lock of its row."""

from collections.abc import Mapping
from typing import Any

from gateway.actions.notifications import with_message
from gateway.actions.steps import GATEWAY, Step
from gateway.actions.store import HOLDER_SECONDS, ActionStore
from gateway.actions.verdicts import LONGEST_PAUSE, not_started
from gateway.connectors.tool import Refused, Tool, Tools, Unsure, WrongArguments
from gateway.storage.action_tables import Action
from gateway.storage.turns import now

MAX_TRIES = 8  # of an action whose gateway dies again and again; a connector's retries are fewer


class Starts:
    """`lease`: seconds for which a started action is this gateway's, unless renewed."""

    def __init__(self, store: ActionStore, tools: Tools, lease: float) -> None:
        self._store = store
        self._tools = tools
        self._lease = 1000 * lease

    def far(self, moment: int) -> int:
        """A lease or a due time beyond this was written before the clock was set back."""
        return moment + round(2 * max(self._lease, 1000 * LONGEST_PAUSE))

    def lease_until(self) -> int:
        return now() + round(self._lease)

    def step(self, action: Action) -> Step | None:
        """`running`, or the end of what cannot be sent; None where it is not this gateway's turn.

        What was running and has a lapsed lease may have had its effect: it is sent again only with
        a key.
        """
        if action.status not in ("confirmed", "running"):
            return None
        again = action.status == "running"
        if again and not self._is_due(action, now()):
            return None
        tool = self._tools.find(action.connector)
        if again and not (action.has_key and (tool is None or tool.has_key)):
            return self._ended(action, tool, "interrupted")
        if again and action.tries >= MAX_TRIES:
            return self._ended(action, tool, "tries")
        if tool is None or tool.effect != "write":
            return self._ended(action, tool, "gone")
        if self._is_anothers(action, tool):
            return None
        return self._checked(action, tool)

    def arguments(self, action: Action) -> Mapping[str, Any]:
        """All arguments, with the secret ones."""
        return {**action.arguments, **(self._store.secrets.get(action.id) or {})}

    def _checked(self, action: Action, tool: Tool) -> Step:
        lost = action.worker is not None and action.status == "confirmed"
        if lost and self._store.secrets.get(action.id) is None:
            return self._ended(action, tool, "secrets")
        try:
            tool.check(self.arguments(action))
        except WrongArguments as error:
            is_secret = bool(error.missing) and tool.secrets.issuperset(error.missing)
            return self._ended(action, tool, "secrets" if is_secret else "invalid", str(error))
        values = {
            "worker": self._store.writer,
            "lease_until": self.lease_until(),
            "tries": action.tries + 1,
            # The first try decides: what was sent without a key must not be repeated.
            "has_key": tool.has_key if action.tries == 0 else action.has_key,
        }
        return Step("running", GATEWAY, f"try {action.tries + 1}", values)

    def _ended(self, action: Action, tool: Tool | None, name: str, detail: str = "") -> Step:
        """The end of what cannot be sent, with its message. `name`, `detail`: as `not_started`."""
        step = not_started(action, name, detail)
        outcome = Refused("") if step.now == "failed" else Unsure("")
        return with_message(step, action, tool, self._tools, outcome)

    def _is_due(self, action: Action, moment: int) -> bool:
        when = action.due_at if action.lease_until is None else action.lease_until
        return self._is_over(when, moment)

    def _is_anothers(self, action: Action, tool: Tool) -> bool:
        """Whether another gateway holds its secret arguments, and has had no time to run it."""
        if action.worker in (None, self._store.writer) or not tool.secrets:
            return False
        if self._store.secrets.get(action.id) is not None:
            return False
        since = (action.decided_at or 0) if action.status == "confirmed" else action.due_at
        return not self._is_over(since + 1000 * HOLDER_SECONDS, now())

    def _is_over(self, when: int, moment: int) -> bool:
        return when <= moment or when > self.far(moment)

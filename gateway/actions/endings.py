"""Writes what came of a request, with the message that follows from it."""

import structlog

from gateway.actions.decisions import expiry
from gateway.actions.notifications import with_message
from gateway.actions.steps import Step
from gateway.actions.store import ActionStore
from gateway.actions.verdicts import Again, verdict
from gateway.connectors.tool import Outcome, Tool, Tools
from gateway.observability.metrics import Metrics
from gateway.storage.action_tables import Action

log = structlog.get_logger()


class Endings:
    """Synchronous: call it from threads. All raise StoreUnavailable."""

    def __init__(
        self, store: ActionStore, tools: Tools, metrics: Metrics, first_pause: float
    ) -> None:
        self._store = store
        self._tools = tools
        self._metrics = metrics
        self._first_pause = first_pause

    def expire(self, action_id: str) -> None:
        """Ends a proposal whose time is over."""
        taken = self._store.step(
            action_id,
            self._tools.find,
            lambda action: expiry(action, self._store.clock.now()),
            skip_locked=True,
        )
        if taken is not None and taken.changed:
            self._store.secrets.drop(action_id)
            self.count(taken.action)

    def end(self, sent: Action, tool: Tool | None, outcome: Outcome) -> float | None:
        """Stores the outcome of `sent`, an action as it was sent by `tool`.

        Returns the seconds until another try, or None where there is none.
        """
        found = verdict(sent, tool, outcome, self._first_pause)
        step = (
            found.step()
            if isinstance(found, Again)
            else with_message(found, sent, tool, self._tools, outcome)
        )
        taken = self._store.step(
            sent.id, self._tools.find, lambda action: self._if_open(action, sent, step)
        )
        if taken is None or not taken.changed:
            log.warning("action_outcome_not_used", action=sent.id, status=step.now)
            return None
        if isinstance(found, Again):
            return found.pause
        self.count(taken.action)
        self._store.secrets.drop(sent.id)
        self._store.bell.ring()
        return None

    def count(self, action: Action) -> None:
        self._metrics.actions.labels(action.connector, action.status).inc()

    def _if_open(self, action: Action, sent: Action, step: Step) -> Step | None:
        """The step, unless the action has been taken over or ended meanwhile.

        A lapsed lease may have made it `unknown`, or given it to another gateway. That the system
        has done it is true nevertheless.
        """
        if action.status not in ("running", "unknown"):
            return None
        is_mine = action.worker == self._store.writer and action.tries == sent.tries
        if not is_mine and step.now != "done":
            return None
        if action.status == "unknown" and step.now not in ("done", "failed"):
            return None
        return step

"""Carries out what was confirmed: `running` is stored before the request leaves, its outcome after.

A worker's lease on a running action is renewed while the request is on its way. Where it lapses the
process has died, or the database did not hear of it: see starts.py.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TypeVar

import structlog

from gateway.actions.endings import Endings
from gateway.actions.sentences import reason_of
from gateway.actions.starts import Starts
from gateway.actions.store import ActionStore, Checkpoint, nothing
from gateway.actions.verdicts import FIRST_PAUSE
from gateway.connectors.tool import Identity, Outcome, Refused, Tool, Tools, Unsure
from gateway.errors import GatewayError
from gateway.observability import tracing
from gateway.observability.metrics import Metrics
from gateway.storage.action_tables import Action
from gateway.storage.turns import now

log = structlog.get_logger()
POLL_SECONDS = 1.0  # confirmations of this gateway ring a bell; this is for all else
LEASE_SECONDS = 15.0
CALL_SECONDS = 120.0  # beyond any connector's own time-out
DRAIN_SECONDS = 4.0  # for running requests at shutdown; the supervisor waits 5 s
RETRY_SECONDS = 1.0  # until an outcome is stored
AT_ONCE = 8  # requests
EXPIRED_AT_ONCE = 100

Result = TypeVar("Result")
Claimed = tuple[Action, float]  # and when it was claimed, by the monotonic clock


class ActionWorker:
    """One in each gateway. `run` until cancelled."""

    def __init__(
        self,
        store: ActionStore,
        tools: Tools,
        metrics: Metrics,
        *,
        checkpoint: Checkpoint = nothing,
        lease: float = LEASE_SECONDS,
        first_pause: float = FIRST_PAUSE,
        poll: float = POLL_SECONDS,
    ) -> None:
        """`checkpoint`: called before and after each request, for tests. `lease`, `first_pause`
        (before the second try) and `poll` (between two looks): seconds."""
        self._store = store
        self._tools = tools
        self._metrics = metrics
        self._at = checkpoint
        self._lease = lease
        self._poll = poll
        self._starts = Starts(store, tools, lease)
        self._endings = Endings(store, tools, metrics, first_pause)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._threads = ThreadPoolExecutor(2, "actions")

    async def run(self) -> None:
        bell = self._store.bell.listen()
        renewing = asyncio.create_task(self._renew())
        try:
            while True:
                bell.clear()
                await self._look()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._poll):
                        await bell.wait()
        finally:
            await self._drain()
            renewing.cancel()
            await asyncio.wait((renewing,))

    def close(self) -> None:
        """After `run` has ended."""
        self._threads.shutdown(wait=False)

    async def _look(self) -> None:
        """Starts what is due. Cancelled, it first starts what its thread has already claimed."""
        looking = asyncio.ensure_future(self._in_thread(self._claim))
        try:
            await asyncio.shield(looking)
        finally:
            await asyncio.wait((looking,))
            for action, claimed in looking.result():
                self._begin(action, claimed)

    def _claim(self) -> list[Claimed]:
        """In a thread: ends proposals that are over, and claims what can be sent."""
        running = list(self._running)
        moment = now()
        try:
            due, over = self._store.pending(
                moment,
                self._starts.far(moment),
                running,
                self._store.clock.now(),
                (AT_ONCE - len(running), EXPIRED_AT_ONCE),
            )
            for action_id in over:
                self._endings.expire(action_id)
        except GatewayError:  # logged by the database; the next look tries again
            return []
        return [one for one in map(self._start, due) if one is not None]

    def _start(self, action_id: str) -> Claimed | None:
        """The action if it is to be sent now."""
        claimed = time.monotonic()  # before its lease begins
        try:
            taken = self._store.step(
                action_id, self._tools.find, self._starts.step, skip_locked=True
            )
        except GatewayError:
            return None
        except Exception:
            log.exception("action_start_failed", action=action_id)
            return None
        if taken is None or not taken.changed:
            return None
        if taken.action.tries <= 1 or taken.action.status != "running":
            self._endings.count(taken.action)
        return (taken.action, claimed) if taken.action.status == "running" else None

    def _begin(self, action: Action, claimed: float) -> None:
        task = asyncio.create_task(self._carry_out(action, claimed), name=action.id)
        self._running[action.id] = task
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task.get_name(), None)
        if not task.cancelled() and task.exception() is not None:  # its lease will lapse
            log.error("action_not_ended", action=task.get_name(), exc_info=task.exception())
        self._store.bell.ring()  # a place is free

    async def _carry_out(self, action: Action, claimed: float) -> None:
        tool = self._tools.find(action.connector)
        outcome = await self._send(action, tool, claimed)
        while True:
            try:
                pause = await self._in_thread(partial(self._endings.end, action, tool, outcome))
                break
            except GatewayError:  # the outcome is known here alone until it is stored
                await asyncio.sleep(RETRY_SECONDS)
        if pause is not None:
            asyncio.get_running_loop().call_later(pause, self._store.bell.ring)

    async def _send(self, action: Action, tool: Tool | None, claimed: float) -> Outcome:
        if tool is None or time.monotonic() - claimed > self._lease:
            # Whoever came after the lease may have told a person that nothing was sent.
            return Refused(reason_of(action, "not_sent"), "not_sent")
        identity = Identity(action.user, action.tenant)
        self._at("before send")
        try:
            # A trace of its own: a person confirmed in another request, maybe in another gateway.
            with tracing.root(f"action {action.connector}") as span:
                span.set({"sightdesk.action.id": action.id})
                async with asyncio.timeout(CALL_SECONDS):
                    outcome = await tool.call(self._starts.arguments(action), identity, action.id)
        except TimeoutError:
            outcome = Unsure(reason_of(action, "no_answer"), "no_answer")
        except Exception as error:
            log.exception("action_call_failed", action=action.id, error=type(error).__name__)
            outcome = Unsure(reason_of(action, "defect"), "defect")
        self._at("after send")
        return outcome

    async def _renew(self) -> None:
        """Keeps the leases of requests that are on their way."""
        while True:
            await asyncio.sleep(self._lease / 3)
            if self._running:
                running, until = list(self._running), self._starts.lease_until()
                with suppress(GatewayError):
                    await self._in_thread(partial(self._store.renew, running, until))

    async def _drain(self) -> None:
        """Waits for running requests. What is cut off is found by its lease."""
        if self._running:
            _, late = await asyncio.wait(list(self._running.values()), timeout=DRAIN_SECONDS)
            for task in late:
                task.cancel()

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

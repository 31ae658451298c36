"""Ends the time of hand-overs that nobody claims or answers. One gateway takes each step."""

import asyncio

import structlog

from gateway.errors import GatewayError
from gateway.handoffs.listing import HandoffLists
from gateway.handoffs.queue import Handoffs
from gateway.observability.metrics import Metrics
from gateway.storage.turns import now

log = structlog.get_logger()
POLL_SECONDS = 1.0
AT_ONCE = 100


class HandoffTimers:
    """One in each gateway. `run` until cancelled."""

    def __init__(
        self,
        handoffs: Handoffs,
        lists: HandoffLists,
        metrics: Metrics,
        poll: float = POLL_SECONDS,
    ) -> None:
        self._handoffs = handoffs
        self._lists = lists
        self._metrics = metrics
        self._poll = poll

    async def run(self) -> None:
        while True:
            try:
                ended = await asyncio.to_thread(self._look)
            except GatewayError:
                ended = 0  # the store does not answer; its failures are counted there
            if ended < AT_ONCE:
                await asyncio.sleep(self._poll)

    def _look(self) -> int:
        """In a thread. Returns how many were due. Raises StoreUnavailable."""
        due = self._handoffs.due(now(), AT_ONCE)
        ended = [one for one in due if self._handoffs.end_time(one)]
        for handoff_id in ended:
            log.info("handoff_time_over", handoff=handoff_id)
        count, oldest = self._lists.waiting()
        self._metrics.handoffs_open.set(count)
        waited = 0 if oldest is None else max(0, now() - oldest) / 1000
        self._metrics.handoffs_oldest.set(waited)
        return len(ended)

"""Watches whether engines are up."""

import asyncio
import time
from collections.abc import Callable

import orjson
import structlog

from gateway.observability.metrics import Metrics
from gateway.upstream.breaker import State
from gateway.upstream.client import PROBE_SECONDS, EngineClient
from gateway.upstream.faults import ConnectFailed, WireError
from gateway.upstream.launch_status import LaunchStatusFile
from gateway.upstream.upstream import LITE_MODEL, Upstream

log = structlog.get_logger()
# A suspended engine counts as down within 2 s: one probe may still succeed, two go unanswered.
PROBE_EVERY_SECONDS = 0.5


class HealthMonitor:
    """Asks every engine twice a second what it serves.

    An engine that refuses the connection, or is silent twice in a row, is down.
    """

    def __init__(
        self,
        client: EngineClient,
        upstreams: list[Upstream],
        startup: LaunchStatusFile,
        metrics: Metrics,
        changed: Callable[[], None],
    ) -> None:
        self._client = client
        self._upstreams = upstreams
        self._startup = startup
        self._metrics = metrics
        self._changed = changed
        self._silent: dict[str, int] = {}

    async def run(self) -> None:
        while True:
            started = time.monotonic()
            told = await asyncio.gather(*map(self.probe, self._upstreams), return_exceptions=True)
            for error in told:
                if isinstance(error, Exception):  # one engine must not end the watch over all
                    log.error("probe_failed", exc_info=error)
            self._changed()  # each time: a circuit becomes half-open by time alone
            await asyncio.sleep(max(0.1, PROBE_EVERY_SECONDS - (time.monotonic() - started)))

    async def probe(self, upstream: Upstream) -> None:
        answers = await self._answers(upstream)
        if upstream.left or answers is None:
            return
        up = answers and (upstream.up is True or not self._starting())
        if up and upstream.breaker.state is State.HALF_OPEN:
            self._client.check(upstream)
        self._metrics.breaker_state.labels(upstream.name).set(upstream.breaker.state)
        self._metrics.upstream_up.labels(upstream.name).set(up)
        if up is not upstream.up:
            log.info("upstream_changed", upstream=upstream.name, up=up)
            upstream.up = up
            if up:
                upstream.breaker.close()
            else:
                self._client.pool(upstream).drop()
            self._changed()
        if not up:
            self._client.give_up(upstream)

    async def _answers(self, upstream: Upstream) -> bool | None:
        """None where it is not known: at the start of a gateway, one silence says nothing yet."""
        name = upstream.name
        try:
            status, body = await self._client.models(upstream)
        except ConnectFailed as error:
            if not error.timed_out:
                return False
            self._silent[name] = self._silent.get(name, 0) + 1
        except (WireError, TimeoutError):
            self._silent[name] = self._silent.get(name, 0) + 1
        else:
            self._silent[name] = 0
            if status == 200:
                self._learn(upstream, body)
            return status < 500
        # An engine that sends tokens is busy, not down.
        if self._client.speaks(upstream, PROBE_SECONDS / 2):
            self._silent[name] = 0
        return upstream.up if self._silent[name] < 2 else False

    def _starting(self) -> bool:
        """Whether the launcher still waits for a first token; vLLM lists its model before that."""
        startup = self._startup.read()
        return startup is not None and startup.under_way

    @staticmethod
    def _learn(upstream: Upstream, body: bytes) -> None:
        try:
            models = orjson.loads(body)["data"]
            names = [str(model["id"]) for model in models]
            if not names:
                return
            upstream.model = LITE_MODEL if LITE_MODEL in names else names[0]
            upstream.max_model_len = int(models[0].get("max_model_len") or upstream.max_model_len)
        except (ValueError, KeyError, TypeError, AttributeError):
            log.warning("upstream_models_unreadable", upstream=upstream.name)

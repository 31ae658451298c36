"""Calls to engines: what goes wrong on the wire, in the words that the gateway tells its own clients."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

import orjson

from gateway.engines.body import Body
from gateway.engines.faults import ConnectFailed, GivenUp, TimedOut, WireError
from gateway.engines.pool import Pool
from gateway.engines.startup import StartupFile
from gateway.engines.upstream import LITE_MODEL, Upstream
from gateway.engines.wire import Response
from gateway.errors import ContextLengthExceeded, GatewayError, InvalidRequest, UpstreamError, UpstreamTimeout
from gateway.metrics import Metrics

log = logging.getLogger("sightdesk.engines")
# A suspended engine is out within 2 s: it may answer one probe, and the next two get no answer.
PROBE_EVERY_SECONDS = 0.5
PROBE_SECONDS = 0.6
ERROR_SECONDS = 5.0  # for the words of a refusal
MAX_ERROR_BYTES = 64 * 1024
MAX_LISTING_BYTES = 1024 * 1024
TOO_LONG = ("context length", "longer than the maximum model length", "max_tokens must be at least 1, got 0")
JSON = {"content-type": "application/json", "accept": "*/*"}


class Refused(Exception):
    """An engine failed before it sent a byte: another one may be tried. `error` is what the client hears if none can.

    `begun`: it may have been at work on the request. `busy`: it said that it is, and may be asked again.
    """

    def __init__(self, kind: str, error: GatewayError, *, begun: bool = False, busy: bool = False) -> None:
        super().__init__(kind)
        self.kind = kind
        self.error = error
        self.begun = begun
        self.busy = busy


class Broken(Exception):
    """An engine failed after its first byte."""

    def __init__(self, kind: str, error: GatewayError) -> None:
        super().__init__(kind)
        self.kind = kind
        self.error = error


class EngineClient:
    def __init__(self, connect_timeout: float, first_token_timeout: float, idle_timeout: float) -> None:
        self._connect = connect_timeout
        self._first = first_token_timeout
        self._idle = idle_timeout
        self._pools: dict[str, Pool] = {}

    def pool(self, upstream: Upstream) -> Pool:
        if upstream.url not in self._pools:
            self._pools[upstream.url] = Pool(upstream.url, self._connect)
        return self._pools[upstream.url]

    def close(self) -> None:
        for pool in self._pools.values():
            pool.drop()

    async def open(self, upstream: Upstream, body: Body, request_id: str, owner: str = "") -> tuple[Response, bytes]:
        """The engine's response and the first of its body; close it.

        FIRST_TOKEN_TIMEOUT bounds both together. Raises Refused, or the engine's 4xx as what the client is told.
        """
        headers = {**JSON, "x-request-id": request_id}
        if owner:
            headers["x-owner"] = owner  # for the turns of `lite`'s reader
        try:
            response = await self.pool(upstream).request(
                "POST", "/v1/chat/completions", headers, body, self._first, upstream
            )
        except WireError as error:
            raise self._refused(error) from None
        if response.status != 200:
            raise await self._failure(response)
        try:
            first = await response.read()
        except WireError as error:
            response.close()
            raise self._refused(error) from None
        except BaseException:
            response.close()
            raise
        response.begun = True
        response.allow(self._idle)
        return response, first

    def _refused(self, error: WireError) -> Refused:
        if isinstance(error, TimedOut):
            return Refused("timeout", self._late(), begun=True)
        if isinstance(error, ConnectFailed):
            kind, late = ("connect_timeout", " in time") if error.timed_out else ("connect", "")
            return Refused(kind, UpstreamError(f"The engine could not be reached{late}."))
        if isinstance(error, GivenUp):
            return Refused("down", UpstreamError("The engine fell silent before it answered."), begun=True)
        return Refused("died", UpstreamError("The engine closed the connection without an answer."), begun=True)

    async def count_tokens(self, upstream: Upstream, body: dict[str, Any], *, pictures: bool) -> int | None:
        """Tokens of the prompt as the engine itself counts them, with or without its pictures; None where it cannot say."""
        wanted: dict[str, Any] = {name: body[name] for name in ("model", "tools", "messages") if name in body}
        if not pictures:
            wanted["messages"] = [
                {**message, "content": _words(message.get("content"))} for message in body["messages"]
            ]
        question = Body(wanted)
        try:
            response = await self.pool(upstream).request("POST", "/tokenize", JSON, question, self._idle)
            try:
                return int(orjson.loads(await response.read_all(64 * MAX_LISTING_BYTES))["count"])
            finally:
                response.close()
        except (WireError, ValueError, KeyError, TypeError):
            return None

    async def _failure(self, response: Response) -> Exception:
        status = response.status
        try:
            if status not in (400, 413, 422):
                kind, busy = f"status_{status // 100}xx", status in (429, 503)
                return Refused(kind, UpstreamError("The engine answered with an error."), begun=not busy, busy=busy)
            async with asyncio.timeout(ERROR_SECONDS):
                return _client_error(await response.read_all(MAX_ERROR_BYTES))
        except (WireError, TimeoutError):
            return _client_error(b"")
        finally:
            response.close()

    def broken(self, error: WireError) -> Broken:
        """What stopped an answer in its middle."""
        if isinstance(error, TimedOut):
            return Broken("timeout", self._late())
        return Broken("died", UpstreamError("The engine stopped in the middle of the answer."))

    def _late(self) -> UpstreamTimeout:
        return UpstreamTimeout(f"The engine sent nothing for {self._first:g} s (then {self._idle:g} s between tokens).")

    def speaks(self, upstream: Upstream, seconds: float) -> bool:
        """Whether something of an answer came within the last `seconds`."""
        return any(response.begun and response.silence() < seconds for response in self.pool(upstream).active)

    def give_up(self, upstream: Upstream) -> None:
        """What the engine has not begun to answer fails now, and may be asked elsewhere."""
        for response in self.pool(upstream).active:
            if not response.begun:
                response.give_up()

    async def models(self, upstream: Upstream) -> tuple[int, bytes]:
        """Status and body of the engine's /v1/models. Raises WireError, TimeoutError."""
        async with asyncio.timeout(PROBE_SECONDS):
            response = await self.pool(upstream).request("GET", "/v1/models", {"accept": "*/*"}, None, PROBE_SECONDS)
            try:
                return response.status, await response.read_all(MAX_LISTING_BYTES)
            finally:
                response.close()


def _words(content: Any) -> Any:
    """A message's content without its pictures."""
    return [part for part in content if part.get("type") == "text"] if isinstance(content, list) else content


def _client_error(text: bytes) -> GatewayError:
    """vLLM's 400 as ours: it knows the context's length better than anybody."""
    try:
        body: Any = orjson.loads(text)
        error = body.get("error", body)
        message = str(error.get("message") or "")[:2000]
    except (ValueError, AttributeError):
        message = ""
    message = message or "The engine refused the request."
    lowered = message.lower()
    # The last is a prompt that leaves no token for the answer: vLLM cuts max_tokens to what is left, and we send none below 1.
    too_long = any(words in lowered for words in TOO_LONG)
    return ContextLengthExceeded(message, param="messages") if too_long else InvalidRequest(message)


class HealthMonitor:
    """Asks every engine twice a second what it serves; one that refuses the connection, or is silent twice, is out."""

    def __init__(
        self,
        client: EngineClient,
        upstreams: list[Upstream],
        startup: StartupFile,
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
                if isinstance(error, Exception):  # no engine's words may end the watch over all of them
                    log.error("probe_failed", exc_info=error)
            self._changed()  # also where only time has passed: a circuit that was open may be tried now
            await asyncio.sleep(max(0.1, PROBE_EVERY_SECONDS - (time.monotonic() - started)))

    async def probe(self, upstream: Upstream) -> None:
        up = await self._answers(upstream) and (upstream.up is True or not self._starting())
        self._metrics.breaker_state.labels(upstream.name).set(upstream.breaker.state)
        self._metrics.upstream_up.labels(upstream.name).set(up)
        if up is not upstream.up:
            log.info("upstream_changed", extra={"upstream": upstream.name, "up": up})
            upstream.up = up
            if up:
                upstream.breaker.close()
            else:
                self._client.pool(upstream).drop()
                if any(other.usable for other in self._upstreams):
                    self._client.give_up(upstream)
            self._changed()

    async def _answers(self, upstream: Upstream) -> bool:
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
        # Busy is not dead: twice in a row without a token of any answer between is.
        if self._client.speaks(upstream, PROBE_SECONDS / 2):
            self._silent[name] = 0
        return bool(upstream.up) and self._silent[name] < 2

    def _starting(self) -> bool:
        """vLLM lists its model before it has written its first token; the launcher waits for that."""
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
            log.warning("upstream_models_unreadable", extra={"upstream": upstream.name})

"""Calls to engines: what goes wrong on the wire, in the words that the gateway tells its own clients."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

import orjson

from gateway.engines.upstream import LITE_MODEL, Upstream
from gateway.engines.wire import ConnectFailed, Pool, Response, TimedOut, WireError
from gateway.errors import ContextLengthExceeded, GatewayError, InvalidRequest, UpstreamError, UpstreamTimeout
from gateway.metrics import Metrics

log = logging.getLogger("sightdesk.engines")
PROBE_SECONDS = 1.0
# Even a busy engine's kernel accepts connections at once; one that does not is gone.
PROBE_CONNECT_SECONDS = 0.7
MAX_ERROR_BYTES = 64 * 1024
MAX_LISTING_BYTES = 1024 * 1024
JSON = {"content-type": "application/json", "accept": "*/*"}


class Refused(Exception):
    """An engine failed before it sent a byte: another one may be tried. `error` is what the client hears if none can."""

    def __init__(self, kind: str, error: GatewayError) -> None:
        super().__init__(kind)
        self.kind = kind
        self.error = error


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

    async def open(self, upstream: Upstream, body: bytes, request_id: str) -> Response:
        """The engine's response, its head read; close it. Raises Refused, or the engine's 4xx as what the client is told."""
        headers = {**JSON, "x-request-id": request_id}
        try:
            response = await self.pool(upstream).request("POST", "/v1/chat/completions", headers, body, self._first)
        except TimedOut:
            raise Refused("timeout", self._late()) from None
        except ConnectFailed as error:
            late = " in time" if error.timed_out else ""
            kind = "connect_timeout" if error.timed_out else "connect"
            raise Refused(kind, UpstreamError(f"The engine could not be reached{late}.")) from None
        except WireError:
            raise Refused("died", UpstreamError("The engine closed the connection without an answer.")) from None
        if response.status == 200:
            response.allow(self._first, then=self._idle)
            return response
        raise await self._failure(response)

    async def count_tokens(self, upstream: Upstream, body: dict[str, Any]) -> int | None:
        """Tokens of the prompt without its pictures, by the engine's own tokenizer; None where it cannot say."""
        wanted = {name: body[name] for name in ("model", "tools") if name in body}
        messages = [{**message, "content": _words(message.get("content"))} for message in body["messages"]]
        question = orjson.dumps({**wanted, "messages": messages})
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
            response.allow(self._idle)
            text = await response.read_all(MAX_ERROR_BYTES)
        except WireError:
            text = b""
        finally:
            response.close()
        if status in (400, 413, 422):
            return _client_error(text)
        return Refused(f"status_{status // 100}xx", UpstreamError("The engine answered with an error."))

    def broken(self, error: WireError) -> Broken:
        """What stopped an answer in its middle."""
        if isinstance(error, TimedOut):
            return Broken("timeout", self._late())
        return Broken("died", UpstreamError("The engine stopped in the middle of the answer."))

    def _late(self) -> UpstreamTimeout:
        return UpstreamTimeout(f"The engine sent nothing for {self._first:g} s (then {self._idle:g} s between tokens).")

    async def models(self, upstream: Upstream) -> tuple[int, bytes]:
        """Status and body of the engine's /v1/models. Raises WireError, TimeoutError."""
        async with asyncio.timeout(PROBE_SECONDS):
            response = await self.pool(upstream).request(
                "GET", "/v1/models", {"accept": "*/*"}, b"", PROBE_SECONDS, PROBE_CONNECT_SECONDS
            )
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
    too_long = "context length" in lowered or "longer than the maximum model length" in lowered
    return ContextLengthExceeded(message, param="messages") if too_long else InvalidRequest(message)


class HealthMonitor:
    """Asks every engine each second what it serves; an engine that refuses the connection is out at once."""

    def __init__(
        self, client: EngineClient, upstreams: list[Upstream], metrics: Metrics, changed: Callable[[], None]
    ) -> None:
        self._client = client
        self._upstreams = upstreams
        self._metrics = metrics
        self._changed = changed
        self._silent: dict[str, int] = {}

    async def run(self) -> None:
        while True:
            started = time.monotonic()
            await asyncio.gather(*(self.probe(upstream) for upstream in self._upstreams))
            await asyncio.sleep(max(0.1, PROBE_SECONDS - (time.monotonic() - started)))

    async def probe(self, upstream: Upstream) -> None:
        try:
            status, body = await self._client.models(upstream)
            up = status < 500
            if status == 200:
                self._learn(upstream, body)
            self._silent[upstream.name] = 0
        except ConnectFailed:
            up = False
        except (WireError, TimeoutError):
            # Busy is not dead: twice in a row is.
            self._silent[upstream.name] = self._silent.get(upstream.name, 0) + 1
            up = bool(upstream.up) and self._silent[upstream.name] < 2
        self._metrics.breaker_state.labels(upstream.name).set(upstream.breaker.state)
        self._metrics.upstream_up.labels(upstream.name).set(up)
        if up is not upstream.up:
            log.info("upstream_changed", extra={"upstream": upstream.name, "up": up})
            if up:
                upstream.breaker.succeeded()
            else:
                self._client.pool(upstream).drop()
            upstream.up = up
            self._changed()

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

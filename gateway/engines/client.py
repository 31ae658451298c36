"""Calls to engines: HTTPX on aiohttp's transport (facts: HTTPX's own pool collapses at 256 streams)."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import orjson
from httpx_aiohttp import AiohttpTransport

from gateway.engines.upstream import LITE_MODEL, Upstream
from gateway.errors import ContextLengthExceeded, GatewayError, InvalidRequest, UpstreamError, UpstreamTimeout
from gateway.metrics import Metrics

log = logging.getLogger("sightdesk.engines")
PROBE_SECONDS = 1.0
MAX_ERROR_BYTES = 64 * 1024


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
        self._first = first_token_timeout
        self._idle = idle_timeout
        timeout = httpx.Timeout(None, connect=connect_timeout)
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=30)
        self.http = httpx.AsyncClient(
            transport=AiohttpTransport(limits=limits, trust_env=False), timeout=timeout, trust_env=False
        )

    async def aclose(self) -> None:
        await self.http.aclose()

    async def open(self, upstream: Upstream, body: bytes, request_id: str) -> httpx.Response:
        """The engine's response, its head read. Raises Refused, or the engine's 4xx as what the client is told."""
        request = self.http.build_request(
            "POST",
            f"{upstream.url}/v1/chat/completions",
            content=body,
            headers={"content-type": "application/json", "x-request-id": request_id},
        )
        try:
            async with asyncio.timeout(self._first):
                response = await self.http.send(request, stream=True)
        except TimeoutError:
            raise Refused("timeout", self._late()) from None
        except httpx.TimeoutException:
            raise Refused("connect_timeout", UpstreamError("The engine could not be reached in time.")) from None
        except httpx.TransportError:
            raise Refused("connect", UpstreamError("The engine could not be reached.")) from None
        if response.status_code == httpx.codes.OK:
            return response
        raise await self._failure(response)

    async def count_tokens(self, upstream: Upstream, body: dict[str, Any]) -> int | None:
        """Tokens of the prompt without its pictures, by the engine's own tokenizer; None where it cannot say."""
        wanted = {name: body[name] for name in ("model", "tools") if name in body}
        messages = [{**message, "content": _words(message.get("content"))} for message in body["messages"]]
        try:
            async with asyncio.timeout(self._idle):
                response = await self.http.post(f"{upstream.url}/tokenize", json={**wanted, "messages": messages})
            return int(response.json()["count"])
        except (httpx.HTTPError, TimeoutError, ValueError, KeyError, TypeError):
            return None

    async def _failure(self, response: httpx.Response) -> Exception:
        try:
            async with asyncio.timeout(self._idle):
                text = (await response.aread())[:MAX_ERROR_BYTES]
        except (httpx.TransportError, TimeoutError):
            text = b""
        finally:
            await response.aclose()
        if response.status_code in (400, 413, 422):
            return _client_error(text)
        return Refused(f"status_{response.status_code // 100}xx", UpstreamError("The engine answered with an error."))

    async def chunks(self, response: httpx.Response) -> AsyncIterator[bytes]:
        """The body as it comes. Raises Broken when it stops in the middle or stalls."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._first) as deadline:
                async for chunk in response.aiter_raw():
                    deadline.reschedule(None)
                    yield chunk
                    deadline.reschedule(loop.time() + self._idle)
        except TimeoutError:
            raise Broken("timeout", self._late()) from None
        except (httpx.TransportError, httpx.StreamError):
            raise Broken("died", UpstreamError("The engine stopped in the middle of the answer.")) from None

    def _late(self) -> UpstreamTimeout:
        return UpstreamTimeout(f"The engine sent nothing for {self._first:g} s (then {self._idle:g} s between tokens).")


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
            async with asyncio.timeout(PROBE_SECONDS):
                response = await self._client.http.get(f"{upstream.url}/v1/models")
            up = response.status_code < 500
            if response.status_code == httpx.codes.OK:
                self._learn(upstream, response.content)
            self._silent[upstream.name] = 0
        except httpx.ConnectError:
            up = False
        except (httpx.TransportError, TimeoutError):
            # Busy is not dead: twice in a row is.
            self._silent[upstream.name] = self._silent.get(upstream.name, 0) + 1
            up = bool(upstream.up) and self._silent[upstream.name] < 2
        self._metrics.breaker_state.labels(upstream.name).set(upstream.breaker.state)
        self._metrics.upstream_up.labels(upstream.name).set(up)
        if up is not upstream.up:
            log.info("upstream_changed", extra={"upstream": upstream.name, "up": up})
            if up:
                upstream.breaker.succeeded()
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

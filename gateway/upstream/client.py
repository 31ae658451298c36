"""Calls engines. Failures of connections become the errors that the gateway's clients get."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import orjson
import structlog

from gateway.errors import GatewayError, UpstreamError, UpstreamTimeout
from gateway.observability.spans import NO_HEADERS
from gateway.upstream.breaker import State
from gateway.upstream.faults import ConnectFailed, GivenUp, TimedOut, WireError
from gateway.upstream.http1 import Response
from gateway.upstream.pool import Pool
from gateway.upstream.refusals import CALLERS_FAULTS, refusal_from
from gateway.upstream.request_body import Body
from gateway.upstream.upstream import Upstream

log = structlog.get_logger()
PROBE_SECONDS = 0.6
# An engine that is down ends a stream after so long without a byte; a machine may pause shorter.
STOPPED_SECONDS = 2.5
CHECK_SECONDS = 5.0  # for the one token of a check
MAX_CHECK_BYTES = 64 * 1024
ERROR_SECONDS = 5.0  # for the words of a refusal
MAX_ERROR_BYTES = 64 * 1024
MAX_LISTING_BYTES = 1024 * 1024
JSON = {"content-type": "application/json", "accept": "*/*"}


class Refused(Exception):
    """An engine failed before anything was sent to the client: another one may be tried.

    `error` is what the client is told if none can. `begun`: the engine may have worked on the
    request. `busy`: it said that it is busy, and may be asked again.
    """

    def __init__(
        self, kind: str, error: GatewayError, *, begun: bool = False, busy: bool = False
    ) -> None:
        super().__init__(kind)
        self.kind = kind
        self.error = error
        self.begun = begun
        self.busy = busy


class Broken(Exception):
    """An engine failed in the middle of an answer."""

    def __init__(self, kind: str, error: GatewayError) -> None:
        super().__init__(kind)
        self.kind = kind
        self.error = error


class EngineClient:
    def __init__(
        self, connect_timeout: float, first_token_timeout: float, idle_timeout: float
    ) -> None:
        self._connect = connect_timeout
        self._first = first_token_timeout
        self._idle = idle_timeout
        self._pools: dict[str, Pool] = {}
        self._checks: dict[str, asyncio.Task[None]] = {}  # under way, by URL

    def pool(self, upstream: Upstream) -> Pool:
        if (pool := self._pools.get(upstream.url)) is None:
            pool = Pool(upstream.url, self._connect, upstream.host)
            if not upstream.left:
                self._pools[upstream.url] = pool
        return pool

    def forget(self, upstream: Upstream) -> None:
        """The engine has left. What it still answers goes on; nothing else is kept open."""
        if pool := self._pools.pop(upstream.url, None):
            pool.drop()

    def close(self) -> None:
        for check in self._checks.values():
            check.cancel()
        for pool in self._pools.values():
            pool.drop()

    async def open(
        self,
        upstream: Upstream,
        body: Body,
        elsewhere: Callable[[], bool],
        owner: str = "",
        told: Mapping[str, str] = NO_HEADERS,
    ) -> tuple[Response, bytes]:
        """Returns the engine's response, to be closed, and the first piece of its body.

        FIRST_TOKEN_TIMEOUT bounds both together. `elsewhere` tells whether another engine could
        answer if this one stops. `owner` is who asks, for the turns of `lite`'s reader. `told`:
        further headers (gateway/observability/outgoing.py).
        Raises Refused, and GatewayError where the engine refuses the request itself.
        """
        headers = {**JSON, **told}
        if owner:
            headers["x-owner"] = owner
        try:
            response = await self.pool(upstream).request(
                "POST", "/v1/chat/completions", headers, body, self._first, upstream, elsewhere
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
            return Refused("timeout", _late(error), begun=True)
        if isinstance(error, ConnectFailed):
            kind, late = ("connect_timeout", " in time") if error.timed_out else ("connect", "")
            return Refused(kind, UpstreamError(f"The engine could not be reached{late}."))
        if isinstance(error, GivenUp):
            return Refused(
                "down", UpstreamError("The engine fell silent before it answered."), begun=True
            )
        return Refused(
            "died", UpstreamError("The engine closed the connection without an answer."), begun=True
        )

    async def count_tokens(
        self, upstream: Upstream, body: dict[str, Any], *, pictures: bool
    ) -> int | None:
        """Returns the prompt's tokens as the engine counts them, or None where it cannot.

        `pictures`: whether those of the prompt's pictures count.
        """
        wanted: dict[str, Any] = {
            name: body[name] for name in ("model", "tools", "messages") if name in body
        }
        if not pictures:
            wanted["messages"] = [
                {**message, "content": _words(message.get("content"))}
                for message in body["messages"]
            ]
        question = Body(wanted)
        try:
            response = await self.pool(upstream).request(
                "POST", "/tokenize", JSON, question, self._idle
            )
            try:
                return int(orjson.loads(await response.read_all(64 * MAX_LISTING_BYTES))["count"])
            finally:
                response.close()
        except (WireError, ValueError, KeyError, TypeError):
            return None

    async def status_of(self, upstream: Upstream, body: Body) -> int:
        """The status with which the engine answers this request. Raises WireError."""
        path = "/v1/chat/completions"
        response = await self.pool(upstream).request("POST", path, JSON, body, self._first)
        try:
            await response.read_all(MAX_CHECK_BYTES)
            return int(response.status)
        finally:
            response.close()

    async def _failure(self, response: Response) -> Exception:
        status = response.status
        try:
            if status not in CALLERS_FAULTS:
                kind, busy = f"status_{status // 100}xx", status in (429, 503)
                return Refused(
                    kind,
                    UpstreamError("The engine answered with an error."),
                    begun=not busy,
                    busy=busy,
                )
            async with asyncio.timeout(ERROR_SECONDS):
                return refusal_from(await response.read_all(MAX_ERROR_BYTES))
        except (WireError, TimeoutError):
            return refusal_from(b"")
        finally:
            response.close()

    def broken(self, error: WireError) -> Broken:
        """Returns what to raise for an answer that stopped in its middle."""
        if isinstance(error, TimedOut):
            return Broken("timeout", _late(error))
        if isinstance(error, GivenUp):
            return Broken(
                "down", UpstreamError("The engine fell silent in the middle of the answer.")
            )
        return Broken("died", UpstreamError("The engine stopped in the middle of the answer."))

    def speaks(self, upstream: Upstream, seconds: float) -> bool:
        """Whether the engine sent a byte of any answer within the last `seconds`."""
        return any(
            response.begun and response.silence() < seconds
            for response in self.pool(upstream).active
        )

    def give_up(self, upstream: Upstream) -> None:
        """Fails the requests of an engine that is down.

        At once what another engine can answer; a stream that has begun after STOPPED_SECONDS.
        """
        for response in list(self.pool(upstream).active):
            if response.elsewhere is not None:
                if response.elsewhere():
                    response.give_up()
            elif response.begun and response.silence() >= STOPPED_SECONDS:
                response.give_up()

    async def models(self, upstream: Upstream) -> tuple[int, bytes]:
        """Returns status and body of the engine's /v1/models. Raises WireError, TimeoutError."""
        async with asyncio.timeout(PROBE_SECONDS):
            response = await self.pool(upstream).request(
                "GET", "/v1/models", {"accept": "*/*"}, None, PROBE_SECONDS
            )
            try:
                return response.status, await response.read_all(MAX_LISTING_BYTES)
            finally:
                response.close()

    def check(self, upstream: Upstream) -> "asyncio.Task[None]":
        """Asks the engine for one token, and opens or closes its circuit by the outcome.

        Returns the task of the check. At most one runs at a time.
        """
        if upstream.url not in self._checks:
            task = self._checks[upstream.url] = asyncio.create_task(self._check(upstream))
            task.add_done_callback(lambda _: self._checks.pop(upstream.url))
        return self._checks[upstream.url]

    async def _check(self, upstream: Upstream) -> None:
        alive = await self._gives_a_token(upstream)
        if alive is None and upstream.breaker.state is State.CLOSED:
            return  # too slow to tell; a request that waits too long counts by itself
        if alive:
            upstream.breaker.close()
        else:
            upstream.breaker.open()
            log.warning("upstream_circuit_open", upstream=upstream.name)
        upstream.freed()

    async def _gives_a_token(self, upstream: Upstream) -> bool | None:
        """Whether the engine answers a request that cannot be wrong; None after CHECK_SECONDS."""
        wanted = {
            "model": upstream.model,
            "messages": [{"role": "user", "content": "Hi"}],
            "max_tokens": 1,
            "stream": True,
        }
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                path = "/v1/chat/completions"
                response = await self.pool(upstream).request(
                    "POST", path, JSON, Body(wanted), CHECK_SECONDS, upstream
                )
                try:
                    return response.status == 200 and _is_answer(
                        await response.read_all(MAX_CHECK_BYTES)
                    )
                finally:
                    response.close()
        except (TimedOut, TimeoutError):
            return None
        except WireError:
            return False


def _late(error: TimedOut) -> UpstreamTimeout:
    return UpstreamTimeout(
        f"The engine sent nothing for {error.seconds:g} s.", details={"seconds": error.seconds}
    )


def _is_answer(stream: bytes) -> bool:
    """Whether a stream of events is whole, has a choice and no error."""
    events = [line[5:].strip() for line in stream.splitlines() if line.startswith(b"data:")]
    if not events or events.pop() != b"[DONE]":
        return False
    try:
        told = [orjson.loads(event) for event in events]
        return any(event.get("choices") for event in told) and not any(
            event.get("error") for event in told
        )
    except (ValueError, AttributeError):
        return False


def _words(content: Any) -> Any:
    """Returns a message's content without its pictures."""
    return (
        [part for part in content if part.get("type") == "text"]
        if isinstance(content, list)
        else content
    )

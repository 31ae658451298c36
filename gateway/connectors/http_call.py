"""Sends one prepared request, in bounded time and with bounded answers.

Whether anything has left decides what a failure means: before that nothing was done there, for
certain; after it the request may have had its effect.
"""

import asyncio
import os
import secrets
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import httpx

from gateway.connectors import answers
from gateway.connectors.circuit import Circuit
from gateway.connectors.problems import Problem
from gateway.connectors.request import Prepared
from gateway.connectors.tool import Refused, Unsure
from gateway.observability import tracing
from gateway.observability.spans import Span

CONNECT_SECONDS = 3.0
IDLE_CONNECTIONS = 20
FIRST_PAUSE = 0.1  # seconds before a read is tried again; doubled each time, with jitter
LONGEST_WAIT = 2.0  # seconds of Retry-After that a read waits for
BUSY = frozenset((408, 425, 429))
SENT = "send_request_headers.started"


@dataclass(frozen=True, slots=True)
class Answered:
    """2xx. `value`: the body as JSON; None where it is empty."""

    value: Any


Reply = Answered | Refused | Unsure


@dataclass(frozen=True, slots=True)
class Limits:
    """`seconds` for the whole call, all tries included. `retries`: 0 for writes. `fresh`: on a
    connection of its own, since one that is reused may close just as the request leaves."""

    seconds: float = 5.0
    retries: int = 0
    fresh: bool = False


@dataclass(slots=True)
class _Try:
    """One request. `is_sent`: something of it has left this machine."""

    is_sent: bool = False
    reply: Reply | None = None
    again: bool = False  # another try may do better
    wait: float = 0.0  # seconds that the system asks for
    is_fault: bool = False  # of the system, for the circuit

    async def trace(self, event: str, _: Any) -> None:
        if event.endswith(SENT):
            self.is_sent = True


class HTTPCaller:
    """The connections of all connectors. For one event loop."""

    def __init__(self, ca_file: str = "") -> None:
        """`ca_file`: certificates of the company's own authority, beside the public ones."""
        self.ca_file = ca_file
        self._verify: ssl.SSLContext | None = None
        self._clients: dict[bool, httpx.AsyncClient] = {}
        self.problems: list[Problem] = []
        if ca_file and not os.access(ca_file, os.R_OK):
            self.problems.append(Problem("CONNECTOR_CA_FILE", 0, "this file cannot be read"))

    def prepare(self) -> None:
        """Makes ready what takes a moment, so that the first call does not wait for it."""
        if not self.problems:
            self._open_client(fresh=False)

    async def aclose(self) -> None:
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.aclose()

    async def ask(self, prepared: Prepared, limits: Limits, circuit: Circuit) -> Reply:
        """Never raises but for cancellation."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + limits.seconds
        pause = FIRST_PAUSE
        for left in range(limits.retries, -1, -1):
            one = await self._guarded(prepared, limits, deadline - loop.time(), circuit)
            assert one.reply is not None
            wait = max(one.wait, pause * (1 + secrets.randbelow(1000) / 1000))
            if not (one.again and left and wait <= LONGEST_WAIT):
                return one.reply
            if loop.time() + wait >= deadline:
                return one.reply
            await asyncio.sleep(wait)
            pause *= 2
        raise AssertionError("the last try returns")

    async def fetch(self, prepared: Prepared, seconds: float) -> bytes | str:
        """The body of a 200, or why there is none. Never raises but for cancellation."""
        try:
            async with asyncio.timeout(seconds):
                client = self._open_client(fresh=True)
                request = client.build_request(
                    prepared.method, prepared.url, headers=prepared.headers
                )
                response = await client.send(request, stream=True)
                try:
                    if response.status_code != httpx.codes.OK:
                        return f"the system answers with HTTP {response.status_code}"
                    encoding = response.headers.get("content-encoding", "")
                    return await answers.read_bounded(
                        response.aiter_raw(), encoding, answers.MAX_DOCUMENT
                    )
                finally:
                    await response.aclose()
        except answers.TooMuch:
            return f"has more than {answers.MAX_DOCUMENT} bytes"
        except answers.Nonsense as nonsense:
            return str(nonsense)
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL, OSError):
            return "the system cannot be reached"

    async def status(self, prepared: Prepared, seconds: float) -> int:
        """The status of the answer alone; 0 where there is none. Never raises but for
        cancellation."""
        try:
            async with asyncio.timeout(seconds):
                client = self._open_client(fresh=True)
                request = client.build_request(
                    prepared.method, prepared.url, headers=prepared.headers
                )
                response = await client.send(request, stream=True)
                await response.aclose()
                return response.status_code
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL, OSError):
            return 0

    async def _guarded(
        self, prepared: Prepared, limits: Limits, seconds: float, circuit: Circuit
    ) -> _Try:
        """Waits for a place among the system's reads, within `seconds`. Writes need none: the
        worker bounds them, and no reader may hold them up."""
        if limits.fresh:
            return await self._entered(prepared, limits, seconds, circuit)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        try:
            async with asyncio.timeout(seconds):
                await circuit.places.acquire()
        except TimeoutError:
            return _Try(reply=Refused("the system is busy with other questions", "unreachable"))
        try:
            return await self._entered(prepared, limits, deadline - loop.time(), circuit)
        finally:
            circuit.places.release()

    async def _entered(
        self, prepared: Prepared, limits: Limits, seconds: float, circuit: Circuit
    ) -> _Try:
        entry = circuit.enter()
        if entry is None:
            seconds = circuit.breaker.retry_after()
            reason = f"the system failed before; it is asked again in {seconds:.0f} s"
            return _Try(reply=Refused(reason, "circuit_open"))
        try:
            one = await self._once(prepared, limits, seconds)
            if one.is_fault:
                entry.failed()
            else:
                entry.answered()
            return one
        finally:
            entry.leave()

    async def _once(self, prepared: Prepared, limits: Limits, seconds: float) -> _Try:
        one = _Try()
        try:
            async with asyncio.timeout(seconds):
                await self._exchange(prepared, limits.fresh, one)
        except TimeoutError:
            _failed(one, Unsure("the system did not answer in time", "timeout"), again=False)
        except answers.TooMuch:
            most = answers.MAX_BYTES // 1024
            one.reply = Unsure(f"the answer has more than {most} KiB", "too_large")
        except answers.Nonsense as nonsense:
            one.reply = Unsure(str(nonsense), "nonsense")
        except httpx.LocalProtocolError:
            one.reply = Refused("the request cannot be sent like this", "invalid")
        except httpx.TimeoutException:
            _failed(one, Unsure("the system did not answer in time", "timeout"), again=True)
        except (httpx.HTTPError, httpx.InvalidURL, OSError):
            _failed(one, Unsure("the connection broke off before the answer", "broken"), again=True)
        return one

    async def _exchange(self, prepared: Prepared, fresh: bool, one: _Try) -> None:
        client = self._open_client(fresh)
        # No address in the span: arguments stand in paths.
        with tracing.span(prepared.method, "client") as span:
            request = client.build_request(
                prepared.method,
                prepared.url,
                content=prepared.content,
                headers=[*prepared.headers, *_encoded(span.headers())],
                extensions={"trace": one.trace},
            )
            response = await client.send(request, stream=True)
            try:
                _describe(span, request, response)
                await _read(response, one)
            finally:
                await response.aclose()

    def _open_client(self, fresh: bool) -> httpx.AsyncClient:
        client = self._clients.get(fresh)
        if client is None:
            client = self._clients[fresh] = self._made(0 if fresh else IDLE_CONNECTIONS)
        return client

    def _made(self, idle: int) -> httpx.AsyncClient:
        if self._verify is None:
            self._verify = httpx.create_ssl_context(trust_env=False)
            if self.ca_file:
                self._verify.load_verify_locations(self.ca_file)
        client = httpx.AsyncClient(
            verify=self._verify,
            timeout=httpx.Timeout(None, connect=CONNECT_SECONDS),
            # The circuits bound reads, and the actions' worker bounds writes. A bound of all
            # together would let one slow system make the others unreachable.
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=idle),
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
            follow_redirects=False,
            trust_env=False,
        )
        client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        return client


def _failed(one: _Try, after: Unsure, *, again: bool) -> None:
    """`after`: what holds once the request has left."""
    one.is_fault, one.again = True, again or not one.is_sent
    one.reply = after if one.is_sent else Refused("the system cannot be reached", "unreachable")


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def _describe(span: Span, request: httpx.Request, response: httpx.Response) -> None:
    span.set(
        {
            "http.request.method": request.method,
            "server.address": request.url.host,
            "http.response.status_code": response.status_code,
        }
    )
    if response.is_error:
        span.fail(str(response.status_code))


async def _read(response: httpx.Response, one: _Try) -> None:
    status = response.status_code
    if status >= 500:
        one.is_fault = one.again = True
        one.reply = Unsure(f"the system failed (HTTP {status})", "server_error")
        return
    if status < 200 or 300 <= status < 400:
        one.reply = Unsure("the system answered with a redirect, not followed", "nonsense")
        return
    content_type = response.headers.get("content-type", "")
    encoding = response.headers.get("content-encoding", "")
    if status >= 400:
        one.again, one.wait = status in BUSY, _retry_after(response)
        one.reply = Refused(await _refusal(response, content_type, encoding), "refused")
        return
    body = await answers.read_bounded(response.aiter_raw(), encoding)
    if not body.strip():
        one.reply = Answered(None)
    elif not answers.is_json_type(content_type):
        raise answers.Nonsense("the answer is not JSON")
    else:
        one.reply = Answered(answers.as_json(body))


async def _refusal(response: httpx.Response, content_type: str, encoding: str) -> str:
    """The status decides; words that cannot be read are left out."""
    try:
        body = await answers.read_bounded(response.aiter_raw(), encoding)
        words = answers.own_words(body, content_type)
    except (answers.TooMuch, answers.Nonsense, httpx.HTTPError):
        words = ""
    return words or f"the system refused (HTTP {response.status_code})"


def _retry_after(response: httpx.Response) -> float:
    """In seconds; dates are not read."""
    text = response.headers.get("retry-after", "")
    return float(text) if text.isdecimal() and len(text) < 9 else 0.0

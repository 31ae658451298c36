"""The connections to one engine, kept open between requests."""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from gateway.upstream.connection import Place
from gateway.upstream.faults import ConnectFailed, Cut
from gateway.upstream.host_addresses import HostAddresses
from gateway.upstream.http1 import Response
from gateway.upstream.request_body import Sendable

IDLE_SECONDS = 4.0  # uvicorn, vLLM's server, closes an idle connection after 5 s
MAX_IDLE = 512
STALE_SECONDS = (
    0.3  # a reused connection that was closed fails sooner; later the engine was at work
)
LATE_SECONDS = 0.1  # a timer that is so late says that the event loop is busy
MAX_WAITS = 3  # of UPSTREAM_CONNECT_TIMEOUT each


class Pool:
    """The connections to one engine. Admission bounds their number; it is not bounded here."""

    def __init__(self, url: str, connect_timeout: float, asked_as: str = "") -> None:
        """`asked_as`: host and port in the Host header and for TLS, if not those of `url`."""
        parts = urlsplit(url)
        assert parts.hostname is not None
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)
        self._prefix = parts.path.rstrip("/")
        self._authority = (asked_as or parts.netloc).rpartition("@")[2]
        asked_host = urlsplit(f"//{asked_as}").hostname if asked_as else None
        self._tls_name = (asked_host or parts.hostname) if self._tls else None
        self._addresses = HostAddresses(parts.hostname, self._port)
        self._connect_timeout = connect_timeout
        self._idle: deque[Response] = deque()
        self._connecting: set[asyncio.Task[Response]] = set()
        self.active: set[Response] = set()  # sent and not closed

    async def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: Sendable | None,
        seconds: float,
        place: Place | None = None,
        elsewhere: Callable[[], bool] | None = None,
    ) -> Response:
        """Returns a response whose head has come; `close()` it. Raises WireError.

        `seconds` bounds each silence. `place` is taken while the engine still works for a
        response that was hung up on before its end. `elsewhere` tells whether another engine
        could answer in place of this one.
        """
        head = self._head(method, path, headers, body)
        while True:
            response = self._take() or await self._connect()
            reused = response.used > 0
            self.active.add(response)
            response.elsewhere = elsewhere
            try:
                response.send(head, body or (), seconds, place)
                await response.head()
            except Cut:
                response.abort()
                # The engine may close an idle connection just as it is used. It began nothing then.
                if reused and not response.started and response.silence() < STALE_SECONDS:
                    continue
                raise
            except BaseException:
                response.leave()
                raise
            return response

    def _head(
        self, method: str, path: str, headers: Mapping[str, str], body: Sendable | None
    ) -> bytes:
        lines = [f"{method} {self._prefix}{path} HTTP/1.1", f"host: {self._authority}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if body is not None:
            lines.append(f"content-length: {len(body)}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _take(self) -> Response | None:
        now = asyncio.get_running_loop().time()
        while self._idle:
            response = self._idle.pop()
            if now - response.idle_since < IDLE_SECONDS and response.is_open:
                return response
            response.abort()
        return None

    async def _connect(self) -> Response:
        seconds = self._connect_timeout
        task = asyncio.create_task(self._connection())
        self._connecting.add(task)
        response: Response | None = None
        try:
            response = await _in_time(task, seconds)
            return response
        except TimeoutError:
            raise ConnectFailed(f"no connection within {seconds:g} s", timed_out=True) from None
        except OSError as error:
            raise ConnectFailed(str(error)) from None
        except asyncio.CancelledError:
            if task.cancelled():
                raise ConnectFailed("the engine is down") from None
            raise
        finally:
            self._connecting.discard(task)
            if response is None:
                task.cancel()
                task.add_done_callback(_abort)  # it may have connected already; nobody uses it

    async def _connection(self) -> Response:
        failure: OSError | None = None
        for address in await self._addresses.get():
            try:
                return await self._connection_to(address)
            except OSError as error:
                failure = error
        raise failure or OSError("the name has no address")

    async def _connection_to(self, address: str) -> Response:
        """A failure, or a cancellation since it took too long, makes the name be looked up."""
        try:
            _, response = await asyncio.get_running_loop().create_connection(
                lambda: Response(self),
                address,
                self._port,
                ssl=self._tls,
                server_hostname=self._tls_name,
            )
        except BaseException:
            self._addresses.doubt()
            raise
        return response

    # Owner of its responses

    def finished(self, response: Response) -> None:
        self.active.discard(response)

    def reuse(self, response: Response) -> None:
        response.idle_since = asyncio.get_running_loop().time()
        if len(self._idle) >= MAX_IDLE:
            self._idle.popleft().abort()
        self._idle.append(response)

    def lost(self, response: Response) -> None:
        if response in self._idle:
            self._idle.remove(response)

    def drop(self) -> None:
        """Closes what is idle and ends every attempt to connect: the engine is down."""
        for task in self._connecting:
            task.cancel()
        while self._idle:
            self._idle.pop().abort()


async def _in_time(task: "asyncio.Task[Response]", seconds: float) -> Response:
    """Raises TimeoutError, but not for time in which this event loop was busy itself: a burst of
    questions would be told that the engine is away."""
    loop = asyncio.get_running_loop()
    for _ in range(MAX_WAITS):
        due = loop.time() + seconds
        await asyncio.wait((task,), timeout=seconds)
        if task.done():
            return task.result()
        if loop.time() - due < LATE_SECONDS:
            break
    raise TimeoutError


def _abort(task: "asyncio.Task[Response]") -> None:
    if not task.cancelled() and task.exception() is None:
        task.result().abort()

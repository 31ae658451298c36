"""Whether the system behind a connector answers: for `make doctor` and staff."""

from dataclasses import dataclass
from typing import Protocol

from gateway.connectors.http_call import HTTPCaller
from gateway.connectors.request import Address, Prepared, headers_of
from gateway.connectors.templates import Template

SECONDS = 3.0
NOT_IMPLEMENTED = 501  # what a server without HEAD answers


@dataclass(frozen=True, slots=True)
class Unwell:
    """`reason`: for people. `code`: unreachable, or http_status with the `status`."""

    reason: str = "the system cannot be reached"
    code: str = "unreachable"
    status: int = 0


class Health(Protocol):
    async def unwell(self) -> Unwell | None:
        """None where the system is well. Never raises but for cancellation."""


@dataclass(frozen=True, slots=True)
class HTTPHealth:
    """`path`: must answer 2xx or 3xx. Without it anything below 500 shows that somebody listens,
    and so does a server that knows no HEAD."""

    caller: HTTPCaller
    address: Address
    headers: tuple[tuple[str, Template], ...] = ()
    path: str = ""

    async def unwell(self) -> Unwell | None:
        sent = headers_of(self.headers, {}, plain=True)
        method = "GET" if self.path else "HEAD"
        prepared = Prepared(method, self.address.origin + (self.path or "/"), sent)
        status = await self.caller.status(prepared, SECONDS)
        if status == 0:
            return Unwell()
        is_unknown_method = not self.path and status == NOT_IMPLEMENTED
        if (status >= 500 and not is_unknown_method) or (self.path and status >= 400):
            return Unwell(f"the system answers with HTTP {status}", "http_status", status)
        return None

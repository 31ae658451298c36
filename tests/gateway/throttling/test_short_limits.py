"""slowapi's decorator on a plain handler counts in the one limiter, by owner, once a request."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from gateway.errors import GatewayError, RateLimitExceeded
from gateway.observability.metrics import Metrics
from gateway.server.client_connection import PlainConnection
from gateway.server.request_context import CONTEXT, RequestContext
from gateway.throttling.rate_limits import RateLimiter
from gateway.throttling.rates import Rate
from gateway.throttling.short_limits import ShortLimits

LIMIT = 3


class Asking:
    """Asks an app with two limited routes whose handlers have the same name."""

    def __init__(self) -> None:
        limiter = RateLimiter("memory://", Metrics("0", "lite"))
        limits = ShortLimits(limiter, Rate.of("api", f"{LIMIT}/minute"))
        limit = limits.shared_limit(f"{LIMIT}/minute", scope="api")
        self.app = FastAPI()
        self.app.add_exception_handler(RateLimitExceeded, refused)
        self.contexts: list[RequestContext] = []
        for path in ("/one", "/two"):

            @self.app.get(path)
            @limit
            def handler(request: Request) -> dict[str, Any]:
                return {}

    async def __call__(self, path: str, address: str = "192.0.2.1") -> int:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            client = PlainConnection(receive, send)
            context = RequestContext("r", address, False, "http", client)
            self.contexts.append(context)
            await self.app({**scope, CONTEXT: context}, receive, send)

        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
            return (await client.get(path)).status_code


async def refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, GatewayError)
    return JSONResponse({}, error.status)


@pytest.fixture
def asking() -> Asking:
    return Asking()


async def test_the_routes_share_one_limit_and_count_each_request_once(asking: Asking) -> None:
    statuses = [await asking(path) for path in ("/one", "/two", "/one", "/two")]
    assert statuses == [200, 200, 200, 429]


async def test_each_owner_has_a_limit_of_its_own(asking: Asking) -> None:
    for _ in range(LIMIT + 1):
        await asking("/one")
    assert await asking("/one", address="192.0.2.2") == 200


async def test_a_request_is_told_what_is_left(asking: Asking) -> None:
    await asking("/one")
    told = dict(asking.contexts[-1].response.start(200))
    assert told[b"x-ratelimit-remaining-requests"] == b"2"
    assert told[b"x-ratelimit-limit-requests"] == b"3"

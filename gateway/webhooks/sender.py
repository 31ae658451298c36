"""Sends one message to one subscriber, in the form of Standard Webhooks."""

import asyncio
import math
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import httpx
import orjson
from standardwebhooks import Webhook

from gateway.webhooks.deliveries import Claimed
from gateway.webhooks.subscriptions import Subscription

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 15.0
IDLE_SECONDS = 4.0  # a connection is kept so long: receivers close theirs after five or more
GONE = 410
MAX_RETRY_AFTER = 3600.0  # seconds that a receiver may ask for

# How errors begin that are stored with a delivery; `code_of` knows them.
LATE, LOST, ANSWERED = "no answer within", "no answer:", "answered"

Kind = Literal["delivered", "again", "gone"]


@dataclass(frozen=True, slots=True)
class Reply:
    """`error`: what happened, without the URL and the words of the receiver. `retry_after`:
    seconds that it asked for."""

    kind: Kind
    error: str = ""
    retry_after: float = 0.0


class Sender:
    def __init__(self, total_seconds: float = TOTAL_SECONDS, ca_file: str = "") -> None:
        """`ca_file`: certificates of the company's own authority, beside the public ones."""
        self._total = total_seconds
        self._client = httpx.AsyncClient(
            follow_redirects=False,
            verify=_context(ca_file),
            trust_env=False,  # no proxy and no credentials from the environment
            timeout=httpx.Timeout(total_seconds, connect=CONNECT_SECONDS),
            limits=httpx.Limits(keepalive_expiry=IDLE_SECONDS),
            headers={"user-agent": "SightDesk"},
        )

    async def send(self, subscription: Subscription, message: Claimed) -> Reply:
        """One try. Never raises but for cancellation."""
        body = body_of(message)
        headers = {"content-type": "application/json", **signed(subscription, message, body)}
        try:
            async with (
                asyncio.timeout(self._total),
                # As a stream: whatever the receiver writes, nobody reads it.
                self._client.stream(
                    "POST", subscription.url, content=body, headers=headers
                ) as answer,
            ):
                return reply_to(answer.status_code, answer.headers.get("retry-after", ""))
        except TimeoutError:
            return Reply("again", f"{LATE} {self._total:g} s")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Reply("again", f"{LOST} {type(error).__name__}")

    async def close(self) -> None:
        await self._client.aclose()


def _context(ca_file: str) -> ssl.SSLContext:
    """Without the file where it cannot be read; /readyz names it among connectors' problems."""
    context = httpx.create_ssl_context(trust_env=False)
    if ca_file:
        with suppress(OSError):
            context.load_verify_locations(ca_file)
    return context


def body_of(message: Claimed) -> bytes:
    """The same bytes in every try."""
    moment = datetime.fromtimestamp(message.created_at / 1000, UTC)
    told = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return orjson.dumps({"type": message.type, "timestamp": told, "data": message.data})


def signed(subscription: Subscription, message: Claimed, body: bytes) -> dict[str, str]:
    """The headers of Standard Webhooks. Their time is that of this try: a receiver refuses old
    ones."""
    moment = datetime.now(UTC)
    signature = Webhook(subscription.secret).sign(message.message_id, moment, body.decode())
    return {
        "webhook-id": message.message_id,
        "webhook-timestamp": str(math.floor(moment.timestamp())),
        "webhook-signature": signature,
    }


def reply_to(status: int, retry_after: str) -> Reply:
    if 200 <= status < 300:
        return Reply("delivered")
    if status == GONE:
        return Reply("gone", "410: the receiver wants no more events")
    seconds = float(retry_after[:9]) if retry_after[:9].isdecimal() else 0.0
    return Reply("again", f"{ANSWERED} {status}", min(seconds, MAX_RETRY_AFTER))


def code_of(error: str) -> tuple[str, dict[str, int]]:
    """(code, details) of a stored `error`: timeout, unreachable, http_status with {status}, gone;
    "" for none, other for what an earlier version wrote."""
    begin, _, status = error.rpartition(" ")
    if begin == ANSWERED and status.isdecimal():
        return "http_status", {"status": int(status)}
    codes = {LATE: "timeout", LOST: "unreachable", str(GONE): "gone"}
    known = (code for start, code in codes.items() if error.startswith(start))
    return next(known, "other") if error else "", {}

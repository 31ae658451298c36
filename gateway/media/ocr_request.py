"""Requests to the OCR service: POST /v1/read and POST /v1/fields (docs/architecture.md, "The reader
seam")."""

import asyncio
from http import HTTPStatus
from typing import Any

import orjson
import structlog

from gateway.media.picture import Picture, Reading
from gateway.observability import tracing
from gateway.observability.outgoing import outgoing_headers
from gateway.upstream.faults import WireError
from gateway.upstream.http1 import Response
from gateway.upstream.pool import Pool
from gateway.upstream.request_body import Raw

log = structlog.get_logger()
CONNECT_SECONDS = 2.0
READ_SECONDS = 120.0  # the longest that one picture may take
FIELDS_SECONDS = 10.0
MAX_READING_BYTES = 16 * 1024 * 1024


async def request_reading(pool: Pool, picture: Picture, owner: str) -> Reading | None:
    """What OCR reads in the picture. None, with a line in the log, where the service fails or
    refuses the picture."""
    return await _request(pool, "/v1/read", picture.content_type, picture.data, owner, READ_SECONDS)


async def request_fields(pool: Pool, picture: Picture, owner: str) -> Reading | None:
    """{kind, fields} of the lines that the picture's file has. None as above."""
    lines = (picture.content or {}).get("lines", [])
    body = orjson.dumps({"lines": lines})
    return await _request(pool, "/v1/fields", "application/json", body, owner, FIELDS_SECONDS)


async def _request(
    pool: Pool, path: str, content_type: str, body: bytes, owner: str, seconds: float
) -> dict[str, Any] | None:
    headers = {
        "content-type": content_type,
        "accept": "application/json",
        "x-owner": owner,
    }
    try:
        with tracing.span(f"POST {path}", "client") as span:
            headers |= outgoing_headers(span)
            response, text = await _exchange(pool, path, headers, body, seconds)
            span.set({"http.response.status_code": response.status})
        if response.status == HTTPStatus.OK:
            answer: dict[str, Any] = orjson.loads(text)
            return answer
        log.warning("reading_refused", path=path, status=response.status)
    except (WireError, TimeoutError, ValueError) as error:
        log.warning("reading_failed", path=path, reason=type(error).__name__)
    return None


async def _exchange(
    pool: Pool, path: str, headers: dict[str, str], body: bytes, seconds: float
) -> tuple[Response, bytes]:
    """The response, closed, and its whole body. Raises WireError, TimeoutError."""
    async with asyncio.timeout(seconds):
        response = await pool.request("POST", path, headers, Raw(body), seconds)
        try:
            return response, await response.read_all(MAX_READING_BYTES)
        finally:
            response.close()

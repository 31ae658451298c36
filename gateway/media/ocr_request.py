"""One request to the OCR service: POST /v1/read (docs/architecture.md, "The reader seam")."""

import asyncio
from http import HTTPStatus

import orjson
import structlog

from gateway.media.ocr_scan import Reading
from gateway.media.picture import Picture
from gateway.upstream.faults import WireError
from gateway.upstream.pool import Pool
from gateway.upstream.request_body import Raw

log = structlog.get_logger()
CONNECT_SECONDS = 2.0
READ_SECONDS = 120.0  # the longest that one picture may take
MAX_READING_BYTES = 16 * 1024 * 1024


async def request_reading(pool: Pool, picture: Picture, owner: str) -> Reading | None:
    """None, with a line in the log, where the service fails or refuses the picture."""
    headers = {
        "content-type": picture.content_type,
        "accept": "application/json",
        "x-owner": owner,
    }
    try:
        async with asyncio.timeout(READ_SECONDS):
            response = await pool.request(
                "POST", "/v1/read", headers, Raw(picture.data), READ_SECONDS
            )
            try:
                text = await response.read_all(MAX_READING_BYTES)
            finally:
                response.close()
        if response.status == HTTPStatus.OK:
            reading: Reading = orjson.loads(text)
            return reading
        log.warning("reading_refused", status=response.status)
    except (WireError, TimeoutError, ValueError) as error:
        log.warning("reading_failed", reason=type(error).__name__)
    return None

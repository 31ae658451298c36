"""Finds out whether an engine takes pictures: it is asked once with a tiny one."""

import asyncio
import math
import time
from typing import Any

import structlog

from gateway.upstream.client import EngineClient
from gateway.upstream.faults import WireError
from gateway.upstream.request_body import Body
from gateway.upstream.upstream import Upstream

log = structlog.get_logger()
PAUSE_SECONDS = 1.0
AGAIN_SECONDS = 10.0  # after an engine could not tell
PROBE_SECONDS = 60.0  # the first picture may compile something
BLIND_SECONDS = 300.0  # an engine that takes no pictures is asked again after so long
REFUSED = frozenset((400, 415, 422))
# A white square of 64 × 64 pixels; models of the Qwen family want 32 at least.
PICTURE = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAAAAACPAi4CAAAAK0lEQVR42u3MMREAAAgEoNf+nTWEmwcBqMlNRyAQCAQCgUAgEAgEAsHzYAFQLQF/OJ8+2wAAAABJRU5ErkJggg=="
)


async def watch_sight(client: EngineClient, upstreams: list[Upstream]) -> None:
    """Sets `sees` of every engine that is up and is not `lite`, again when its model changes. Runs
    until cancelled."""
    known: dict[str, tuple[str, float]] = {}  # by engine: its model, and until when that is known
    while True:
        pause = PAUSE_SECONDS
        for upstream in upstreams:
            model = upstream.model
            asked, until = known.get(upstream.name, ("", 0.0))
            is_known = asked == model and time.monotonic() < until
            if not upstream.up or upstream.is_lite or is_known:
                continue
            sees = await takes_pictures(client, upstream)
            if sees is None:
                pause = AGAIN_SECONDS
                continue
            until = math.inf if sees else time.monotonic() + BLIND_SECONDS
            known[upstream.name] = model, until
            if upstream.sees is not sees:
                log.info("engine_sight", upstream=upstream.name, model=model, sees=sees)
            upstream.sees = sees
        await asyncio.sleep(pause)


async def takes_pictures(client: EngineClient, upstream: Upstream) -> bool | None:
    """False where the engine refuses a picture as a fault of the request, and answers words. None
    where it cannot tell at the moment."""
    words = {"type": "text", "text": "Hi"}
    picture = {"type": "image_url", "image_url": {"url": PICTURE}}
    try:
        status = await _status(client, upstream, [picture, words])
        if status == 200:
            return True
        is_refused = status in REFUSED and await _status(client, upstream, "Hi") == 200
        return False if is_refused else None
    except (WireError, TimeoutError):
        return None


async def _status(client: EngineClient, upstream: Upstream, content: Any) -> int:
    """Raises WireError, TimeoutError."""
    message = {"role": "user", "content": content}
    body = Body({"model": upstream.model, "messages": [message], "max_tokens": 1})
    async with asyncio.timeout(PROBE_SECONDS):
        return await client.status_of(upstream, body)

"""Finds out whether an engine takes pictures: it is asked once with a tiny one."""

import asyncio
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
# A white square of 64 × 64 pixels; models of the Qwen family want 32 at least.
PICTURE = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAAAAACPAi4CAAAAK0lEQVR42u3MMREAAAgEoNf+nTWEmwcBqMlNRyAQCAQCgUAgEAgEAsHzYAFQLQF/OJ8+2wAAAABJRU5ErkJggg=="
)


async def watch_sight(client: EngineClient, upstreams: list[Upstream]) -> None:
    """Sets `sees` of every engine that is up and is not `lite`, again when its model changes. Runs
    until cancelled."""
    known: dict[str, str] = {}  # the model that was asked, by engine
    while True:
        pause = PAUSE_SECONDS
        for upstream in upstreams:
            model = upstream.model
            if not upstream.up or upstream.is_lite or known.get(upstream.name) == model:
                continue
            sees = await takes_pictures(client, upstream)
            if sees is None:
                pause = AGAIN_SECONDS
                continue
            known[upstream.name], upstream.sees = model, sees
            log.info("engine_sight", upstream=upstream.name, model=model, sees=sees)
        await asyncio.sleep(pause)


async def takes_pictures(client: EngineClient, upstream: Upstream) -> bool | None:
    """None where the engine refuses words too, or does not answer."""
    words = {"type": "text", "text": "Hi"}
    picture = {"type": "image_url", "image_url": {"url": PICTURE}}
    try:
        if await _answers(client, upstream, [picture, words]):
            return True
        return False if await _answers(client, upstream, "Hi") else None
    except (WireError, TimeoutError):
        return None


async def _answers(client: EngineClient, upstream: Upstream, content: Any) -> bool:
    """Raises WireError, TimeoutError."""
    message = {"role": "user", "content": content}
    body = Body({"model": upstream.model, "messages": [message], "max_tokens": 1})
    async with asyncio.timeout(PROBE_SECONDS):
        return await client.accepts(upstream, body)

"""Reads one page of a document, given as JPEG, for who only wants its lines."""

import asyncio

from gateway.errors import QueueFull
from gateway.media.ocr_client import OCRClient
from gateway.media.picture import Picture, digest


async def page_lines(client: OCRClient, jpeg: bytes, owner: str) -> list[str] | None:
    """The lines in reading order; None where OCR is busy, fails or is off. It waits in the queue
    as every other picture of an owner does."""
    changed = asyncio.Event()
    try:
        # OCR takes the size from the picture itself.
        scan = client.start(Picture(jpeg, "image/jpeg", 0, 0, digest(jpeg)), owner)
    except QueueFull:
        return None
    if scan is None:
        return None
    scan.watch(changed)
    try:
        while not scan.is_done:
            await changed.wait()
            changed.clear()
    finally:
        scan.unwatch(changed)
        scan.leave()
    if scan.reading is None:
        return None
    return [str(line["text"]) for line in scan.reading.get("lines", ())]

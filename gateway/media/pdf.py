"""PDF pages as pictures, rendered by a killable process with bounds on pages, time and memory."""

import asyncio
import json
import math
import struct
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from gateway.errors import InvalidImage, PDFTooLarge
from gateway.media.limits import MAX_TILES, MediaLimits
from gateway.media.picture import Picture
from gateway.media.raster import prepare_page

ROOT = Path(__file__).parents[2]
HEAD = struct.Struct(">II")
BUFFER_BYTES = 1024 * 1024

Run = Callable[[Callable[[], list[Picture]]], Awaitable[list[Picture]]]


async def render_pages(data: bytes, limits: MediaLimits, run: Run = asyncio.to_thread) -> list[Picture]:
    """The pages, each a picture or the tiles of a long one; they are encoded by `run`. Raises PDFTooLarge for too many pages,
    InvalidImage for a PDF that cannot be opened or rendered as a whole, or not in time."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway.media.pdf_worker"),
        *map(str, (limits.pdf_max_pages, limits.scale_to_side, MAX_TILES * limits.scale_to_side)),
        *map(str, (limits.pdf_memory_bytes, math.ceil(limits.pdf_seconds))),
        stdin=PIPE,
        stdout=PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=BUFFER_BYTES,
        cwd=ROOT,
        env={},  # none of our secrets for whoever finds a way into the renderer
    )
    try:
        async with asyncio.timeout(limits.pdf_seconds) as deadline:
            return await _pages(process, data, limits, run, deadline)
    except TimeoutError:
        raise InvalidImage(f"The PDF took longer than {limits.pdf_seconds:g} s to render; send pictures.") from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _pages(
    process: Process, data: bytes, limits: MediaLimits, run: Run, deadline: asyncio.Timeout
) -> list[Picture]:
    """One page at a time: the process waits until the one before is encoded. What that takes is not the document's fault."""
    assert process.stdin
    assert process.stdout
    with suppress(ConnectionError):  # a process that is gone has nothing more to say either
        process.stdin.write(data)
        await process.stdin.drain()
        process.stdin.close()
    count = _count(await process.stdout.readline(), limits)
    made: list[Picture] = []
    for number in range(1, count + 1):
        try:
            width, height = HEAD.unpack(await process.stdout.readexactly(HEAD.size))
            pixels = await process.stdout.readexactly(width * height * 3)
        except asyncio.IncompleteReadError:
            raise InvalidImage(f"Page {number} of the PDF could not be rendered; send pictures of its pages.") from None
        started = asyncio.get_running_loop().time()
        made += await run(partial(prepare_page, pixels, width, height, number, limits))
        deadline.reschedule((deadline.when() or started) + asyncio.get_running_loop().time() - started)
    return made


def _count(head: bytes, limits: MediaLimits) -> int:
    if not head:
        raise InvalidImage("The PDF needs more memory than is given to it; send pictures of its pages.")
    told = json.loads(head)
    if told.get("error") == "encrypted":
        raise InvalidImage("The PDF is protected by a password; remove it or send pictures of the pages.")
    if told.get("error") == "pages":
        raise PDFTooLarge(
            f"The PDF has {told['pages']} pages; at most {limits.pdf_max_pages} are taken (PDF_MAX_PAGES)."
        )
    if "error" in told:
        raise InvalidImage("The PDF is damaged; save it again and send that.")
    return int(told["pages"])

"""PDF pages as pictures, rendered by a killable process with bounds on pages, time and memory."""

import asyncio
import json
import math
import struct
import sys
from pathlib import Path

import pyvips

from gateway.errors import InvalidImage, PDFTooLarge
from gateway.media.limits import MediaLimits
from gateway.media.picture import Picture, digest

ROOT = Path(__file__).parents[2]
FRAME = struct.Struct(">III")


async def render_pages(data: bytes, limits: MediaLimits) -> list[Picture]:
    """Raises PDFTooLarge for too many pages, InvalidImage for a PDF that cannot be opened in time."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway.media.pdf_worker"),
        *map(str, (limits.pdf_max_pages, limits.scale_to_side, limits.pdf_memory_bytes, math.ceil(limits.pdf_seconds))),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=ROOT,
        env={},  # none of our secrets for whoever finds a way into the renderer
    )
    try:
        async with asyncio.timeout(limits.pdf_seconds):
            output, _ = await process.communicate(data)
    except TimeoutError:
        raise InvalidImage(f"The PDF took longer than {limits.pdf_seconds:g} s to render; send pictures.") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    head, _, frames = output.partition(b"\n")
    if not head:
        raise InvalidImage("The PDF needs more memory than is given to it; send pictures of its pages.")
    _raise_for(json.loads(head), limits)
    return await asyncio.to_thread(_pictures, frames)


def _raise_for(head: dict[str, object], limits: MediaLimits) -> None:
    if head.get("error") == "encrypted":
        raise InvalidImage("The PDF is protected by a password; remove it or send pictures of the pages.")
    if head.get("error") == "pages":
        raise PDFTooLarge(
            f"The PDF has {head['pages']} pages; at most {limits.pdf_max_pages} are taken (PDF_MAX_PAGES)."
        )
    if "error" in head:
        raise InvalidImage("The PDF is damaged; save it again and send that.")


def _pictures(frames: bytes) -> list[Picture]:
    made: list[Picture] = []
    offset = 0
    while offset + FRAME.size <= len(frames):
        length, width, height = FRAME.unpack_from(frames, offset)
        offset += FRAME.size
        raw = frames[offset : offset + length]
        offset += length
        if len(raw) < length:
            break
        image = pyvips.Image.new_from_memory(raw, width, height, 3, "uchar").copy(interpretation="srgb")
        data = image.pngsave_buffer(compression=3, keep="none")
        made.append(Picture(data, "image/png", width, height, digest(data), page=len(made) + 1))
    if not made:
        raise InvalidImage("No page of the PDF could be rendered; send pictures of its pages.")
    return made

"""What the page shows of an uploaded file: its reading by OCR, and a preview as PNG or JPEG.

Both may wait for image workers, so they are coroutines and charge the rate limit themselves.
"""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from gateway.api.client_disconnect import unless_client_leaves
from gateway.api.dependencies import CurrentCaller, RouteLimits
from gateway.api.files import FILE_HEADERS
from gateway.auth.tokens import Signer
from gateway.errors import FileNotFound
from gateway.media.attachment_loader import AttachmentLoader
from gateway.media.image_processor import ImageProcessor
from gateway.media.reading_wait import ReadingWait
from gateway.server.request_context import context_of
from gateway.storage.file_store import FileStore
from gateway.throttling.caller_keys import queue_key

READING_SECONDS = 10.0  # the longest that the page waits for a reading


def file_readings_router(
    files: FileStore, attachment_loader: AttachmentLoader, signer: Signer, limits: RouteLimits
) -> APIRouter:
    router = APIRouter(prefix="/api/files/{file_id}")

    @router.get("/reading")
    async def reading(request: Request, file_id: str, caller: CurrentCaller) -> dict[str, Any]:
        """The file's readings. The page suggests from them what to cover before sending."""
        await limits.charge(request)
        data = await asyncio.to_thread(files.content, caller.owner, file_id)
        wait = ReadingWait(queue_key(signer, context_of(request.scope)), READING_SECONDS)
        readings = await unless_client_leaves(
            request, attachment_loader.readings(file_id, data, wait)
        )
        return {"object": "list", "data": readings, "has_more": False}

    @router.get("/preview", response_class=Response)
    async def preview(
        request: Request,
        file_id: str,
        caller: CurrentCaller,
        page: Annotated[int, Query(ge=1)] = 1,
    ) -> Response:
        """A picture, or a page of a PDF, as PNG or JPEG: browsers draw neither PDF nor HEIC."""
        await limits.charge(request)
        data = await asyncio.to_thread(files.content, caller.owner, file_id)
        processor = attachment_loader.image_processor
        return await preview_response(request, processor, signer, data, page)

    return router


async def preview_response(
    request: Request, processor: ImageProcessor, signer: Signer, data: bytes, page: int
) -> Response:
    """The page of a file as PNG or JPEG. Raises FileNotFound where there is no such page."""
    key = queue_key(signer, context_of(request.scope))
    picture = await unless_client_leaves(request, processor.preview(data, page, key))
    if picture is None:
        raise FileNotFound(f"The file has no page {page}.", param="page")
    return Response(picture.data, media_type=picture.content_type, headers=FILE_HEADERS)

"""/v1/files and /api/files: uploads, the same routes for SDK clients and for the page.

Plain functions run in Starlette's threads. An upload may wait for image workers, so it is a
coroutine: a thread that waits is missing for every other route.
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from starlette.responses import StreamingResponse

from gateway.api.client_disconnect import unless_client_leaves
from gateway.api.dependencies import CurrentCaller, RouteLimits
from gateway.api.multipart_form import OPENAPI_BODY, read_upload
from gateway.auth.tokens import Signer
from gateway.media.image_processor import ImageProcessor
from gateway.media.ocr_client import OCRClient
from gateway.media.sniff import sniff
from gateway.server.request_context import context_of
from gateway.storage.file_records import StoredFile
from gateway.storage.file_store import FileStore
from gateway.throttling.caller_keys import queue_key

# An uploaded file must not run as a page of this origin.
FILE_HEADERS = {
    "content-security-policy": "default-src 'none'; sandbox",
    "cache-control": "private, max-age=3600",
}
INLINE_TYPES = frozenset(("image/jpeg", "image/png", "image/webp", "image/gif"))
PREFIXES = ("/v1", "/api")


def files_router(
    files: FileStore,
    image_processor: ImageProcessor,
    ocr_client: OCRClient,
    signer: Signer,
    limits: RouteLimits,
) -> APIRouter:
    router = APIRouter()
    for prefix in PREFIXES:
        _add_upload(router, prefix, files, image_processor, ocr_client, signer, limits)
        _add_stored_files(router, prefix, files, limits)
    return router


def _add_upload(
    router: APIRouter,
    prefix: str,
    files: FileStore,
    image_processor: ImageProcessor,
    ocr_client: OCRClient,
    signer: Signer,
    limits: RouteLimits,
) -> None:
    async def upload(request: Request, caller: CurrentCaller) -> dict[str, Any]:
        await limits.charge(request)
        filename, data = await read_upload(request)
        key = queue_key(signer, context_of(request.scope))
        pictures = await unless_client_leaves(request, image_processor.prepare(data, key))
        kind = sniff(data)
        pages = len(pictures) if kind == "application/pdf" else 1
        file = await asyncio.to_thread(
            files.add, caller.owner, filename, kind, data, pages, from_page=prefix == "/api"
        )
        # OCR starts now, while the user still types the question.
        ocr_client.start_all(pictures, key)
        return file.as_openai()

    upload.__name__ = f"{prefix.strip('/')}_upload"
    router.add_api_route(f"{prefix}/files", upload, methods=["POST"], openapi_extra=OPENAPI_BODY)


def _add_stored_files(
    router: APIRouter, prefix: str, files: FileStore, limits: RouteLimits
) -> None:
    def listing(request: Request, caller: CurrentCaller) -> dict[str, Any]:
        found = files.list(caller.owner)
        return {"object": "list", "data": [file.as_openai() for file in found], "has_more": False}

    def one(request: Request, file_id: str, caller: CurrentCaller) -> dict[str, Any]:
        return files.get(caller.owner, file_id).as_openai()

    def content(request: Request, file_id: str, caller: CurrentCaller) -> Response:
        return file_response(files.get(caller.owner, file_id), files.pieces(caller.owner, file_id))

    def delete(request: Request, file_id: str, caller: CurrentCaller) -> dict[str, Any]:
        files.delete(caller.owner, file_id)
        return {"id": file_id, "object": "file", "deleted": True}

    routes: tuple[tuple[str, str, Callable[..., Any]], ...] = (
        ("/files", "GET", listing),
        ("/files/{file_id}", "GET", one),
        ("/files/{file_id}/content", "GET", content),
        ("/files/{file_id}", "DELETE", delete),
    )
    for path, method, handler in routes:
        # slowapi and OpenAPI identify a handler by its name.
        handler.__name__ = f"{prefix.strip('/')}_{handler.__name__}"
        router.add_api_route(prefix + path, limits.limit(handler), methods=[method])


def file_response(file: StoredFile, pieces: Iterator[bytes]) -> Response:
    """The file as it was uploaded; a browser shows pictures, and saves everything else. A slow
    reader holds one of the pieces in memory, not the file."""
    disposition = "inline" if file.content_type in INLINE_TYPES else "attachment"
    headers = {
        **FILE_HEADERS,
        "content-disposition": f"{disposition}; filename*=UTF-8''{quote(file.filename)}",
        "content-length": str(file.bytes),
    }
    return StreamingResponse(pieces, media_type=file.content_type, headers=headers)

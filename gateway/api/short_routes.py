"""The short routes: models, files, config, tokens. Plain functions, run in threads, under slowapi's one limit.

Uploads and readings may wait for pictures to be made ready: they do so on the event loop, since whoever waits in a thread keeps it from
all the others, and are charged by hand.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Protocol, TypeVar
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from gateway.api.chat_response import run_while_connected
from gateway.api.multipart import UPLOAD, uploaded
from gateway.api.page_config import page_config
from gateway.auth.authenticator import check_embed_origin
from gateway.desk import Desk
from gateway.errors import FileNotFound, RequestTimeout
from gateway.media.attachments import Patience
from gateway.media.sniff import sniff
from gateway.openai.validation import Exact
from gateway.server.request_context import Caller, caller_of, context_of

Handler = TypeVar("Handler", bound=Callable[..., Any])
Result = TypeVar("Result")


class Limit(Protocol):
    def __call__(self, handler: Handler) -> Handler: ...


READING_SECONDS = 10.0  # the page waits for a reading that somebody asked to see

SANDBOXED = {
    "content-security-policy": "default-src 'none'; sandbox",
    "cache-control": "private, max-age=3600",
}
Owner = Annotated[Caller, Depends(caller_of)]
SAFE_INLINE = frozenset(("image/jpeg", "image/png", "image/webp", "image/gif"))


class EmbedTokenRequest(Exact):
    user: str = Field(min_length=1, max_length=128)
    origin: str = Field(max_length=256, pattern=r"^https?://[^/\s]+$")
    ttl: int = Field(3600, ge=1, le=86_400, description="Seconds.")


def short_router(desk: Desk) -> APIRouter:
    router = APIRouter()

    limit: Limit = desk.short_limits.shared_limit(desk.settings.rate_limit_api, scope="api")

    @router.get("/v1/models")
    @limit
    def models(request: Request, caller: Owner) -> dict[str, Any]:
        return {"object": "list", "data": desk.catalog.entries(desk.upstreams)}

    @router.get("/v1/models/{model:path}")
    @limit
    def model(request: Request, model: str, caller: Owner) -> dict[str, Any]:
        return desk.catalog.entry(model, desk.upstreams)

    @router.post("/v1/embed-tokens")
    @limit
    def embed_token(request: Request, wanted: EmbedTokenRequest, caller: Owner) -> dict[str, Any]:
        check_embed_origin(wanted.origin, desk.origins.allows(wanted.origin))
        token, expires_at = desk.signer.sign_embed(
            caller.name, wanted.user, wanted.origin, wanted.ttl
        )
        return {"token": token, "expires_at": expires_at}

    @router.get("/api/config")
    @limit
    def config(request: Request, caller: Owner) -> dict[str, Any]:
        return page_config(desk, caller)

    @router.get("/api/files/{file_id}/reading")
    async def reading(request: Request, file_id: str, caller: Owner) -> dict[str, Any]:
        """What the reader finds in a file: the page suggests from it what to cover before sending."""
        await desk.short_limits.charge(request)
        data = await asyncio.to_thread(desk.files.content, caller.owner, file_id)
        patience = Patience(desk.turn_of(context_of(request.scope)), READING_SECONDS)
        readings = await while_there(
            request, desk.attachment_loader.readings(file_id, data, patience)
        )
        return {"object": "list", "data": readings, "has_more": False}

    @router.get("/api/files/{file_id}/preview", response_class=Response)
    async def preview(
        request: Request, file_id: str, caller: Owner, page: Annotated[int, Query(ge=1)] = 1
    ) -> Response:
        """A picture, or a page of a PDF, as PNG or JPEG: browsers draw neither PDF nor HEIC."""
        await desk.short_limits.charge(request)
        data = await asyncio.to_thread(desk.files.content, caller.owner, file_id)
        turn = desk.turn_of(context_of(request.scope))
        picture = await while_there(
            request, desk.attachment_loader.image_processor.preview(data, page, turn)
        )
        if picture is None:
            raise FileNotFound(f"The file has no page {page}.", param="page")
        return Response(picture.data, media_type=picture.content_type, headers=SANDBOXED)

    for prefix in ("/v1", "/api"):
        _file_routes(router, desk, prefix, limit)
    return router


async def while_there(request: Request, work: Coroutine[Any, Any, Result]) -> Result:
    """The result of `work`, which is cancelled when the client leaves. Raises what it raises."""
    made: list[Result] = []

    async def fill() -> None:
        made.append(await work)

    if not await run_while_connected(context_of(request.scope).line, fill()):
        raise RequestTimeout(
            "The client left before the pictures were ready.", details={"name": "left"}
        )
    return made[0]


def _file_routes(router: APIRouter, desk: Desk, prefix: str, limit: Any) -> None:
    """The same five routes for SDK clients and for the page; only who may call differs."""
    name = prefix.strip("/")

    async def upload(request: Request, caller: Owner) -> dict[str, Any]:
        await desk.short_limits.charge(request)
        named, data = await uploaded(request)
        turn = desk.turn_of(context_of(request.scope))
        pictures = await while_there(
            request, desk.attachment_loader.image_processor.prepare(data, turn)
        )
        kind = sniff(data)
        pages = len(pictures) if kind == "application/pdf" else 1
        from_page = prefix == "/api"
        stored = await asyncio.to_thread(
            desk.files.add, caller.owner, named, kind, data, pages, from_page=from_page
        )
        # Reading starts here, while the question is still being typed.
        desk.reader.start_all(pictures, turn)
        return stored.as_openai()

    def listing(request: Request, caller: Owner) -> dict[str, Any]:
        files = desk.files.list(caller.owner)
        return {"object": "list", "data": [file.as_openai() for file in files], "has_more": False}

    def one(request: Request, file_id: str, caller: Owner) -> dict[str, Any]:
        return desk.files.get(caller.owner, file_id).as_openai()

    def content(request: Request, file_id: str, caller: Owner) -> Response:
        file = desk.files.get(caller.owner, file_id)
        disposition = "inline" if file.content_type in SAFE_INLINE else "attachment"
        headers = {
            **SANDBOXED,
            "content-disposition": f"{disposition}; filename*=UTF-8''{quote(file.filename)}",
        }
        return Response(
            desk.files.content(caller.owner, file_id), media_type=file.content_type, headers=headers
        )

    def delete(request: Request, file_id: str, caller: Owner) -> dict[str, Any]:
        desk.files.delete(caller.owner, file_id)
        return {"id": file_id, "object": "file", "deleted": True}

    upload.__name__ = f"{name}_upload"
    router.add_api_route(f"{prefix}/files", upload, methods=["POST"], openapi_extra=UPLOAD)
    for path, method, handler in (
        ("/files", "GET", listing),
        ("/files/{file_id}", "GET", one),
        ("/files/{file_id}/content", "GET", content),
        ("/files/{file_id}", "DELETE", delete),
    ):
        handler.__name__ = f"{name}_{handler.__name__}"  # slowapi and OpenAPI know handlers by name
        router.add_api_route(prefix + path, limit(handler), methods=[method])

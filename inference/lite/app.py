"""The routes: OpenAI's chat completions, embeddings and models, POST /v1/read and /v1/fields,
health."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from inference.lite import MODEL, field_store
from inference.lite.body import MAX_BODY, MAX_TEXT_BYTES, parsed, read_body
from inference.lite.budget import SECONDS, Budget, in_thread
from inference.lite.completion import complete
from inference.lite.conversation import conversation_of, decode_base64
from inference.lite.disconnect import unless_disconnected
from inference.lite.embedding.route import EmbeddingRequest, answer
from inference.lite.embedding.service import EmbeddingService
from inference.lite.errors import LiteError
from inference.lite.ocr_queue import OCRQueue
from inference.lite.reading import Line
from inference.lite.request import CONTEXT, checked
from inference.lite.text_fields import found_in, lines_of

log = structlog.get_logger()
MAX_OWNER = 128  # characters
EMBEDDING_SECONDS = 60.0  # for the texts of one request, behind those of others
DESCRIPTION = (
    "Reads pictures by OCR, quotes the clauses it is handed and fills tool calls. "
    "It is no language model."
)


def create_app(seconds: float = SECONDS) -> Starlette:
    """`seconds`: the limit for one answer, not counting the reading of its pictures."""
    reader = OCRQueue()
    embedding = EmbeddingService()

    async def models(_: Request) -> Response:
        model = {"id": MODEL, "object": "model", "created": 1_760_000_000, "owned_by": MODEL}
        more = {"max_model_len": CONTEXT, "language_model": False, "description": DESCRIPTION}
        vectors = [
            {**model, "id": name, "embedding": True, "language_model": False}
            for name in embedding.names
        ]
        return JSONResponse({"object": "list", "data": [{**model, **more}, *vectors]})

    async def health(_: Request) -> Response:
        state = {
            "status": "ok",
            "reader": "ready" if reader.ready else "loading",
            "embedding": embedding.state,
        }
        return JSONResponse({**state, **await asyncio.to_thread(field_store.status)})

    async def read(request: Request) -> Response:
        picture = await _picture(request)
        reading = await unless_disconnected(request, reader.read(picture, _owner(request)))
        return JSONResponse(reading.as_json())

    async def fields(request: Request) -> Response:
        """{kind, fields} of {lines: [{text, box, confidence}]}, for text that needs no OCR."""
        lines = await asyncio.to_thread(_lines, await read_body(request))
        budget = Budget(seconds)
        found = await unless_disconnected(request, in_thread(budget, found_in, lines, budget))
        return JSONResponse(found)

    async def embeddings(request: Request) -> Response:
        asked = EmbeddingRequest.of(
            await asyncio.to_thread(parsed, await read_body(request, MAX_TEXT_BYTES))
        )
        vectors = await unless_disconnected(
            request,
            embedding.encode(
                asked.model,
                asked.texts,
                asked.kind,
                Budget(EMBEDDING_SECONDS),
                _owner(request),
            ),
        )
        return JSONResponse(await asyncio.to_thread(answer, asked, vectors))

    async def chat(request: Request) -> Response:
        body = await asyncio.to_thread(_checked, await read_body(request))
        conversation = await unless_disconnected(
            request, conversation_of(body, reader, _owner(request), seconds)
        )
        conversation.meaning = embedding.meaning
        completion = await unless_disconnected(
            request, in_thread(conversation.budget, complete, body, conversation)
        )
        if not body.get("stream"):
            return Response(completion.whole(), media_type="application/json")
        include_usage = bool((body.get("stream_options") or {}).get("include_usage"))
        events = _paced(completion.events(include_usage))
        return StreamingResponse(
            events, media_type="text/event-stream", headers={"cache-control": "no-cache"}
        )

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        warming = asyncio.gather(reader.warm_up(), embedding.warm_up(), return_exceptions=True)
        yield
        warming.cancel()
        embedding.close()

    async def unexpected(_: Request, error: Exception) -> Response:
        log.error("unexpected", exc_info=error)
        return JSONResponse(
            LiteError("Something went wrong here.", 500, "internal_error").body, status_code=500
        )

    async def failed(_: Request, error: Exception) -> Response:
        assert isinstance(error, LiteError)
        return JSONResponse(error.body, status_code=error.status)

    routes = [
        Route("/v1/models", models),
        Route("/health", health),
        Route("/healthz", health),
        Route("/v1/read", read, methods=["POST"]),
        Route("/v1/fields", fields, methods=["POST"]),
        Route("/v1/chat/completions", chat, methods=["POST"]),
        Route("/v1/embeddings", embeddings, methods=["POST"]),
    ]
    return Starlette(
        routes=routes,
        lifespan=lifespan,
        exception_handlers={LiteError: failed, Exception: unexpected},
    )


async def _paced(events: Any) -> AsyncIterator[bytes]:
    """Yields to the event loop after each event, so that a disconnect is noticed."""
    for event in events:
        yield event
        await asyncio.sleep(0)


async def _picture(request: Request) -> bytes:
    """The picture of POST /v1/read, from the body in one of three forms.

    The body itself, the multipart field `file`, or JSON `{"image": data URL}`. Raises LiteError.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        async with request.form(max_part_size=MAX_BODY) as form:
            file = form.get("file") or form.get("image")
            if file is None or isinstance(file, str):
                raise LiteError("Send the picture as the field `file`.")
            return await file.read()
    data = await read_body(request)
    if kind == "application/json":
        return await asyncio.to_thread(_image_in, data)
    if not data:
        raise LiteError("Send a picture as the body.", 400, "invalid_image")
    return bytes(data)


def _owner(request: Request) -> str:
    """The gateway's pseudonym for its caller. Readings and questions go round by owner."""
    return request.headers.get("x-owner", "")[:MAX_OWNER]


def _image_in(data: bytearray) -> bytes:
    image = parsed(data).get("image")
    if not isinstance(image, str):
        raise LiteError('Send {"image": "data:image/png;base64,…"}.')
    return decode_base64(image, image.find(",") + 1 if image.startswith("data:") else 0)


def _lines(data: bytearray) -> list[Line]:
    return lines_of(parsed(data))


def _checked(data: bytearray) -> dict[str, Any]:
    return checked(parsed(data))

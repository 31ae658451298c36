"""Reads a request's body and its JSON within bounds."""

from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request

from inference.lite.errors import LiteError

MAX_BODY = 96 * 1024 * 1024
# JSON besides the pictures; 262,144 characters take at most 3 MB.
MAX_TEXT_BYTES = 8 * 1024 * 1024
# Each value takes memory once parsed. They are counted by the marks before them.
MAX_VALUES = 300_000
PICTURE = b'"data:'
PIECE = 1024 * 1024


async def read_body(request: Request, limit: int = MAX_BODY) -> bytearray:
    """The body's bytes. Raises LiteError above `limit` (413) or if the client disconnects."""
    made = bytearray()
    try:
        async for chunk in request.stream():
            made += chunk
            if len(made) > limit:
                raise LiteError(
                    f"The body has more than {limit} bytes.",
                    413,
                    "body_too_large",
                    details={"limit": limit},
                )
    except ClientDisconnect:
        raise LiteError("The client left.") from None
    return made


def parsed(data: bytearray) -> dict[str, Any]:
    """The JSON object in `data`, which is emptied. Raises LiteError.

    Its size is checked before it is parsed, because parsing blocks all other work.
    """
    texts = _without_pictures(data)
    size = sum(map(len, texts))
    if size > MAX_TEXT_BYTES:
        raise LiteError(
            f"The body has {size} bytes besides its pictures, "
            f"more than the context length allows ({MAX_TEXT_BYTES}).",
            code="context_length_exceeded",
            details={"limit": MAX_TEXT_BYTES, "size": size},
        )
    values = sum(text.count(mark) for text in texts for mark in (b",", b"[", b"{"))
    if values > MAX_VALUES:
        raise LiteError(
            f"The body has more than {MAX_VALUES} JSON values.", details={"limit": MAX_VALUES}
        )
    try:
        body = orjson.loads(data)
    except ValueError:
        raise LiteError(
            "The body is not JSON, or nested too deeply.", 400, "invalid_json"
        ) from None
    data.clear()  # a large body is not kept twice
    if not isinstance(body, dict):
        raise LiteError("The body must be a JSON object.")
    return body


def _without_pictures(data: bytearray) -> list[bytearray]:
    """The parts of a JSON text outside of data URLs in plain ASCII."""
    texts: list[bytearray] = []
    start = 0
    while True:
        begin = data.find(PICTURE, start)
        if begin < 0:
            texts.append(data[start:])
            return texts
        end = data.find(b'"', begin + len(PICTURE))
        end = len(data) if end < 0 else end
        if _is_plain(data, begin, end):
            texts.append(data[start:begin])
        else:
            texts.append(data[start:end])
        start = end


def _is_plain(data: bytearray, start: int, end: int) -> bool:
    """Whether the bytes are ASCII without escaped characters. Checked in pieces to copy little."""
    for at in range(start, end, PIECE):
        piece = data[at : min(at + PIECE, end)]
        if not piece.isascii() or b"\\u" in piece:
            return False
    return True

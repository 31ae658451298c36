"""The body of a request: its bytes within a bound, and the JSON in them."""

from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request

from inference.lite.errors import LiteError

MAX_BODY = 96 * 1024 * 1024
MAX_TEXT_BYTES = (
    8 * 1024 * 1024
)  # what is no picture, as JSON: 262,144 characters take at most 3 MB
MAX_VALUES = 300_000  # counted by the marks before them: each takes memory of its own once parsed
PICTURE = b'"data:'
PIECE = 1024 * 1024


async def read_body(request: Request) -> bytearray:
    made = bytearray()
    try:
        async for chunk in request.stream():
            made += chunk
            if len(made) > MAX_BODY:
                raise LiteError(
                    f"The body has more than {MAX_BODY} bytes.",
                    413,
                    "body_too_large",
                    details={"limit": MAX_BODY},
                )
    except ClientDisconnect:
        raise LiteError("The client left.") from None
    return made


def parsed(data: bytearray) -> dict[str, Any]:
    """The JSON object in `data`, which is emptied. Raises LiteError.

    Its size is checked first: parsing holds all other work up.
    """
    texts = _without_pictures(data)
    size = sum(map(len, texts))
    if size > MAX_TEXT_BYTES:
        raise LiteError(
            f"The body has {size} bytes beside its pictures, more than the context length allows ({MAX_TEXT_BYTES}).",
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
        raise LiteError("The body is an object.")
    return body


def _without_pictures(data: bytearray) -> list[bytearray]:
    """The parts of a JSON text that are no data URLs in plain ASCII."""
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
    """Whether the bytes are ASCII without an escaped character, looked at piece by piece to copy little."""
    for at in range(start, end, PIECE):
        piece = data[at : min(at + PIECE, end)]
        if not piece.isascii() or b"\\u" in piece:
            return False
    return True

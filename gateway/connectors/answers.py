"""Reads what a system answers: bounded bytes, JSON, and its own words where it refuses."""

import json
import zlib
from collections.abc import AsyncIterator
from typing import Any

MAX_BYTES = 1024 * 1024  # of one answer, decoded
MAX_DOCUMENT = 8 * 1024 * 1024  # of an OpenAPI document
WORDS = ("message", "detail", "error_description", "error", "msg", "reason", "title", "description")
ENCODINGS = {"gzip": 31, "x-gzip": 31, "deflate": 47}  # zlib's window bits


class TooMuch(Exception):
    """An answer has more than MAX_BYTES."""


class Nonsense(Exception):
    """An answer cannot be understood. `str()` says why, for a person."""


async def read_bounded(chunks: AsyncIterator[bytes], encoding: str, most: int = MAX_BYTES) -> bytes:
    """The whole body, decoded. Never holds much more than `most` bytes.

    Raises TooMuch, Nonsense."""
    encoding = encoding.strip().lower()
    if encoding and encoding != "identity" and encoding not in ENCODINGS:
        raise Nonsense("the answer is compressed in a way that is not read here")
    inflate = zlib.decompressobj(ENCODINGS[encoding]) if encoding in ENCODINGS else None
    body = bytearray()
    async for chunk in chunks:
        if inflate is None:
            body += chunk
        else:
            try:
                body += inflate.decompress(chunk, most + 1 - len(body))
            except zlib.error:
                raise Nonsense("the answer's compression is broken") from None
        if len(body) > most or (inflate and inflate.unconsumed_tail):
            raise TooMuch
    if inflate is not None and not inflate.eof:
        raise Nonsense("the answer's compression is broken")
    return bytes(body)


def is_json_type(content_type: str) -> bool:
    """Whether a body of this type may be JSON. Old systems send JSON as text, or say nothing."""
    kind = content_type.partition(";")[0].strip().lower()
    return not kind or kind.endswith(("/json", "+json")) or kind.startswith("text/")


def as_json(body: bytes) -> Any:
    """Raises Nonsense."""
    try:
        return json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise Nonsense("the answer is not JSON") from None


def _refuse(name: str) -> None:
    raise ValueError(name)


def own_words(body: bytes, content_type: str) -> str:
    """What the system says about a refusal; empty where it says nothing that people read."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind.endswith(("/json", "+json")):
        try:
            return _words_in(as_json(body), 0)
        except Nonsense:
            return ""
    return body.decode("utf-8", "replace") if kind == "text/plain" else ""


def _words_in(value: Any, depth: int) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and depth < 4:
        return _words_in(value[0], depth + 1)
    if isinstance(value, dict) and depth < 4:
        for name in WORDS:
            words = _words_in(value.get(name), depth + 1)
            if words:
                return words
    return ""

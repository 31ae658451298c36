"""The content of a picture as it comes from a worker, which is not trusted."""

from typing import Any

import orjson

from gateway.media.picture import Reading

MAX_LINES = 20_000  # of one page
MAX_LINE = 20_000  # characters of one line or value
MAX_FIELDS = 1_000
BOX_NUMBERS = 4


def content_bytes(content: Reading | None) -> bytes:
    """The content as JSON; nothing for None."""
    return b"" if content is None else orjson.dumps(content)


def checked_content(data: bytes) -> Reading:
    """Only what a reading has, each value of its type. Raises ValueError, TypeError or KeyError."""
    given = orjson.loads(data)
    lines, fields = given["lines"], given.get("fields", [])
    if len(lines) > MAX_LINES or len(fields) > MAX_FIELDS:
        raise ValueError("size of a content")
    content: Reading = {"lines": [_line(line) for line in lines]}
    if fields:
        content["fields"] = [_field(field) for field in fields]
    if "kind" in given:
        content["kind"] = _text(given["kind"])
    if turned := int(given.get("turned", 0)):
        content["turned"] = turned
    return content


def _line(given: dict[str, Any]) -> dict[str, Any]:
    line = {"text": _text(given["text"]), "box": _box(given["box"]), "confidence": 1.0}
    return {**line, "frame": _box(given["frame"])} if "frame" in given else line


def _field(given: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": _text(given["name"]),
        "value": _text(given["value"]),
        "box": _box(given["box"]),
        "confidence": 1.0,
        "valid": None,
    }


def _text(given: object) -> str:
    if not isinstance(given, str) or len(given) > MAX_LINE:
        raise ValueError("text of a content")
    return given


def _box(given: list[Any]) -> list[int]:
    box = [int(side) for side in given]
    if len(box) != BOX_NUMBERS:
        raise ValueError("box of a content")
    return box

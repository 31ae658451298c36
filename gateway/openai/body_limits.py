"""Bounds on a chat request's body, checked before a parser or Pydantic sees it."""

from typing import Any

from gateway.errors import ContextLengthExceeded, InvalidRequest
from gateway.openai.base64_payload import PIECE, Base64Finder

# Characters of text for each token of the context: a longer text does not fit in any language.
CHARACTERS_PER_TOKEN = 8
# The longest form of a character in JSON: two escapes, for one beyond Unicode's plane 0.
CHARACTER_BYTES = 12
# Bytes beside text and base64: keys, quotes, parts, tools, a schema, spaces.
MAX_OTHER_BYTES = 2 * 1024 * 1024
# An empty object or list has two bytes in a body and 64 in memory, and a parser makes a million of
# them without a pause. Each bound is (what all allowed parts need, one in so many of the text's
# characters), since the same characters may stand in text.
MAX_MARKS = {"[{": (100_000, 8), ":": (120_000, 4), ",": (200_000, 2)}
# Content parts of all messages. Each is validated by itself: 51,200 take a tenth of a second.
MAX_PARTS = 4096
UNCOUNTED_BYTES = 64 * 1024  # a smaller body is parsed in a few milliseconds, whatever it holds


class TextLimit:
    """The text that fits into the context, checked while the body arrives. Base64 is not text."""

    def __init__(self, max_model_len: int) -> None:
        """`max_model_len`: the context of the engine in tokens."""
        self.max_characters = CHARACTERS_PER_TOKEN * max_model_len
        self.finder = Base64Finder()

    def feed(self, piece: bytes) -> None:
        """The next piece of the body. Raises ContextLengthExceeded."""
        self.finder.feed(piece)
        self.check_bytes(self.finder.other_bytes)

    def check_bytes(self, size: int) -> None:
        """`size`: bytes beside base64. Raises ContextLengthExceeded where not even the shortest
        text in them could fit."""
        text_bytes = size - MAX_OTHER_BYTES
        if text_bytes > CHARACTER_BYTES * self.max_characters:
            raise self._exceeded(text_bytes // CHARACTER_BYTES + 1, "at least ")

    def check_characters(self, size: int) -> None:
        """Raises ContextLengthExceeded."""
        if size > self.max_characters:
            raise self._exceeded(size)

    def _exceeded(self, size: int, at_least: str = "") -> ContextLengthExceeded:
        return ContextLengthExceeded(
            f"The request has {at_least}{size} characters of text; at most {self.max_characters} "
            f"are taken ({CHARACTERS_PER_TOKEN} for each token of the context).",
            param="messages",
            details={"limit": self.max_characters, "size": size},
        )


def check_marks(text: bytes, max_characters: int) -> None:
    """Bounds brackets, colons and commas. Raises InvalidRequest."""
    if len(text) <= UNCOUNTED_BYTES:
        return
    for marks, (base, share) in MAX_MARKS.items():
        limit = base + max_characters // share
        size = sum(_count(text, mark.encode()) for mark in marks)
        if size > limit:
            named = " and ".join(f"`{mark}`" for mark in marks)
            raise InvalidRequest(
                f"The body has {size} of {named}; at most {limit} are taken.",
                details={"limit": limit, "size": size},
            )


def check_parts(messages: object) -> None:
    """Bounds the content parts of all messages. Raises InvalidRequest."""
    contents = (
        [message.get("content") for message in messages if isinstance(message, dict)]
        if isinstance(messages, list)
        else []
    )
    parts = sum(len(content) for content in contents if isinstance(content, list))
    if parts > MAX_PARTS:
        raise InvalidRequest(
            f"The messages have {parts} parts in all; at most {MAX_PARTS} are taken.",
            param="messages",
            details={"name": "parts", "limit": MAX_PARTS, "size": parts},
        )


def count_text(messages: object) -> int:
    """Characters of the text in messages as a client sent them: names and tool calls are text,
    pictures and files are not. What is no message counts nothing."""
    return sum(map(_text_of, messages)) if isinstance(messages, list) else 0


def _text_of(message: Any) -> int:
    if not isinstance(message, dict):
        return 0
    content, calls = message.get("content"), message.get("tool_calls")
    parts = content if isinstance(content, list) else [{"text": content}]
    size = _length(message, "name", "tool_call_id") + sum(_length(part, "text") for part in parts)
    for call in calls if isinstance(calls, list) else ():
        function = call.get("function") if isinstance(call, dict) else None
        size += _length(call, "id") + _length(function, "name", "arguments")
    return size


def _length(value: Any, *names: str) -> int:
    found = [value.get(name) for name in names] if isinstance(value, dict) else []
    return sum(len(text) for text in found if isinstance(text, str))


def count_characters(value: Any) -> int:
    """Characters of all strings in a JSON value, names included."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(len(name) + count_characters(item) for name, item in value.items())
    return sum(map(count_characters, value)) if isinstance(value, list) else 0


def _count(text: bytes, mark: bytes) -> int:
    """In pieces: one call over megabytes would hold the interpreter for milliseconds, and with it
    every stream."""
    return sum(text.count(mark, at, at + PIECE) for at in range(0, len(text), PIECE))

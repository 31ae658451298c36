"""A chat request from a JSON body. What a body may have is bounded before anything reads it as JSON or as text."""

import re
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import from_json

from gateway.errors import ContextLengthExceeded, GatewayError, InvalidJSON, InvalidRequest
from gateway.openai.base64_payload import PIECE, Finder, cut
from gateway.openai.chat_request import ChatRequest
from gateway.openai.validation import error_of

# Characters of text for each token of the context: a longer text does not fit, whatever its language.
CHARACTERS_PER_TOKEN = 8
CHARACTER_BYTES = 12  # of the longest way to write a character in JSON: two escapes for one outside of Unicode's plane 0
# What a body may have beside its text and its base64: keys, quotes, parts, tools, a schema, spaces.
MAX_OTHER_BYTES = 2 * 1024 * 1024
# An object or a list of nothing has two bytes in a body and 64 in memory, and a parser makes a million of them without a
# pause. Each bound has what all parts that are taken need, and a part of the text, where the same characters may stand.
MAX_MARKS = {
    "[{": (100_000, 8),
    ":": (120_000, 4),
    ",": (200_000, 2),
}  # characters: how many, and one in so many of text
MAX_PARTS = 4096  # of all messages: each is looked at by itself, and 51,200 took a tenth of a second without a pause
MAX_DEPTH = 200  # of nested lists and objects; jiter's own bound
UNCOUNTED_BYTES = 64 * 1024  # a body as small is parsed in a few milliseconds whatever it has
SCHEMAS = ("tools", "response_format")  # parameters whose text the engine reads, too
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

Request = TypeVar("Request", bound=ChatRequest)


class Incoming:
    """The bound of a body that is still coming: base64 apart, it has no more bytes than a request in bounds can have."""

    def __init__(self, max_model_len: int) -> None:
        self.max_text = CHARACTERS_PER_TOKEN * max_model_len
        self.finder = Finder()

    def feed(self, piece: bytes) -> None:
        """Raises ContextLengthExceeded."""
        self.finder.feed(piece)
        self.check(self.finder.rest)

    def check(self, size: int) -> None:
        """`size`: bytes beside base64. Raises ContextLengthExceeded."""
        text_bytes = size - MAX_OTHER_BYTES
        if text_bytes > CHARACTER_BYTES * self.max_text:
            raise too_much_text(text_bytes // CHARACTER_BYTES + 1, self.max_text, "at least ")


def too_much_text(size: int, limit: int, least: str = "") -> ContextLengthExceeded:
    return ContextLengthExceeded(
        f"The request has {least}{size} characters of text; at most {limit} are taken "
        f"({CHARACTERS_PER_TOKEN} for each token of the context).",
        param="messages",
        details={"limit": limit, "size": size},
    )


def parse(shape: type[Request], body: bytes, incoming: Incoming, max_model_len: int) -> Request:
    """The request in a JSON body that `incoming` has seen. Raises ContextLengthExceeded, InvalidJSON, UnsupportedParameter
    or InvalidRequest, naming the first fault."""
    request, given = _read(shape, body, incoming)
    size = sum(message.characters for message in request.messages) + sum(
        _characters(given.get(name)) for name in SCHEMAS
    )
    if size > incoming.max_text:
        raise too_much_text(size, incoming.max_text)
    for name in ("max_tokens", "max_completion_tokens"):
        wanted = getattr(request, name)
        if wanted is not None and wanted > max_model_len:
            raise InvalidRequest(
                f"{name} is {wanted}; this engine's context holds {max_model_len}.",
                param=name,
                details={"name": name, "limit": max_model_len, "size": wanted},
            )
    return request


def _read(shape: type[Request], body: bytes, incoming: Incoming) -> tuple[Request, dict[str, Any]]:
    """The request, and the JSON that it was made of."""
    finder = incoming.finder
    spans = finder.spans
    while True:
        skeleton = cut(body, spans, finder.start, finder.end)
        given = _json(skeleton.text.removeprefix(BYTE_ORDER_MARK), incoming)
        try:
            request = shape.model_validate(given)
        except ValidationError as error:
            raise first_fault(error) from None
        left = skeleton.payloads
        for message in request.messages if left else ():
            for _, part in message.media:
                part.claim(left)
        if not left:
            return request, given
        # It stands in no picture, so it is text: once more, with that in its place.
        incoming.check(len(skeleton.text) + sum(map(len, left.values())))
        spans = [span for name, span in skeleton.spans.items() if name not in left]


def _json(text: bytes, incoming: Incoming) -> dict[str, Any]:
    incoming.check(len(text))
    _check_marks(text, incoming.max_text)
    try:
        given = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        if "recursion limit" in str(error):
            raise InvalidJSON(
                f"The body's lists and objects are nested too deeply; at most {MAX_DEPTH} levels are taken.",
                details={"limit": MAX_DEPTH},
            ) from None
        raise InvalidJSON(f"The body is not JSON: {error}.") from None
    if not isinstance(given, dict):
        raise InvalidRequest("The body must be a JSON object.")
    _check_parts(given.get("messages"))
    return given


def _check_parts(messages: object) -> None:
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


def _check_marks(text: bytes, max_text: int) -> None:
    if len(text) <= UNCOUNTED_BYTES:
        return
    for marks, (most, share) in MAX_MARKS.items():
        limit = most + max_text // share
        size = sum(_count(text, mark.encode()) for mark in marks)
        if size > limit:
            named = " and ".join(f"`{mark}`" for mark in marks)
            raise InvalidRequest(
                f"The body has {size} of {named}; at most {limit} are taken.",
                details={"limit": limit, "size": size},
            )


def _count(text: bytes, mark: bytes) -> int:
    """Piece by piece: one call over megabytes would hold the interpreter, and with it every stream, for milliseconds."""
    return sum(text.count(mark, at, at + PIECE) for at in range(0, len(text), PIECE))


def _characters(value: Any) -> int:
    """Of all strings in a JSON value, names included."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(len(name) + _characters(item) for name, item in value.items())
    return sum(map(_characters, value)) if isinstance(value, list) else 0


# Which side of a union Pydantic tried: no step of the client's own.
UNION_SIDE = re.compile(
    r"(?:str|constrained-str|ToolChoice|(?:list|literal|tagged-union|function-\w{1,64})\[.*)",
    re.DOTALL,
)


def first_fault(error: ValidationError) -> GatewayError:
    """The first fault, and of a union's sides the one that was followed furthest."""
    faults = error.errors(include_url=False, include_input=False)
    first = _steps(faults[0])
    found = max(
        (other for other in faults if _steps(other)[: len(first)] == first),
        key=lambda other: len(_steps(other)),
    )
    return error_of(found, _steps(found))


def _steps(fault: Any) -> list[str]:
    return [str(step) for step in fault["loc"] if not UNION_SIDE.fullmatch(str(step))]

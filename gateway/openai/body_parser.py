"""Reads a chat request from a JSON body."""

import re
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import from_json

from gateway.errors import GatewayError, InvalidJSON, InvalidRequest
from gateway.openai.base64_payload import strip_base64
from gateway.openai.body_limits import (
    TextLimit,
    check_marks,
    check_parts,
    count_characters,
    count_text,
)
from gateway.openai.chat_request import ChatRequest
from gateway.openai.validation import error_of

MAX_DEPTH = 200  # of nested lists and objects: the bound of jiter, Pydantic's JSON parser
SCHEMAS = ("tools", "response_format")  # parameters whose text the engine reads as well
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# Steps of an error's location that name a union's member. They are no part of the client's JSON.
UNION_MEMBER = re.compile(
    r"(?:str|constrained-str|ToolChoice|(?:list|literal|tagged-union|function-\w{1,64})\[.*)",
    re.DOTALL,
)

Request = TypeVar("Request", bound=ChatRequest)


def parse(model: type[Request], body: bytes, limit: TextLimit, max_model_len: int) -> Request:
    """The request in a JSON body that `limit` has been fed with.

    Raises ContextLengthExceeded, InvalidJSON, UnsupportedParameter or InvalidRequest for the first
    fault. Messages that are too long are told before every fault of a parameter.
    """
    request, data = _read(model, body, limit)
    schemas = sum(count_characters(data.get(name)) for name in SCHEMAS)
    limit.check_characters(count_text(data["messages"]) + schemas)
    for name in ("max_tokens", "max_completion_tokens"):
        wanted = getattr(request, name)
        if wanted is not None and wanted > max_model_len:
            raise InvalidRequest(
                f"{name} is {wanted}; this engine's context holds {max_model_len}.",
                param=name,
                details={"name": name, "limit": max_model_len, "size": wanted},
            )
    return request


def _read(model: type[Request], body: bytes, limit: TextLimit) -> tuple[Request, dict[str, Any]]:
    """(the request, its JSON). Base64 that belongs to no picture is text: then the body is read
    again with that base64 in its place."""
    finder = limit.finder
    spans = finder.spans
    while True:
        stripped = strip_base64(body, spans, finder.start, finder.end)
        data = _json(stripped.text.removeprefix(BYTE_ORDER_MARK), limit)
        limit.check_characters(count_text(data.get("messages")))
        try:
            request = model.model_validate(data)
        except ValidationError as error:
            raise first_error(error) from None
        unclaimed = stripped.payloads
        for message in request.messages if unclaimed else ():
            for _, part in message.media:
                part.claim(unclaimed)
        if not unclaimed:
            return request, data
        limit.check_bytes(len(stripped.text) + sum(map(len, unclaimed.values())))
        spans = [span for name, span in stripped.spans.items() if name not in unclaimed]


def _json(text: bytes, limit: TextLimit) -> dict[str, Any]:
    limit.check_bytes(len(text))
    check_marks(text, limit.max_characters)
    try:
        # The parser's cache of values would keep what people wrote; keys come again.
        data = from_json(text, allow_inf_nan=False, cache_strings="keys")
    except ValueError as error:
        if "recursion limit" in str(error):
            raise InvalidJSON(
                "The body's lists and objects are nested too deeply; "
                f"at most {MAX_DEPTH} levels are taken.",
                details={"limit": MAX_DEPTH},
            ) from None
        raise InvalidJSON(f"The body is not JSON: {error}.") from None
    if not isinstance(data, dict):
        raise InvalidRequest("The body must be a JSON object.")
    check_parts(data.get("messages"))
    return data


def first_error(error: ValidationError) -> GatewayError:
    """The first fault. Of a union's members it is the one that Pydantic followed furthest."""
    faults = error.errors(include_url=False, include_input=False)
    first = _steps(faults[0])
    found = max(
        (other for other in faults if _steps(other)[: len(first)] == first),
        key=lambda other: len(_steps(other)),
    )
    return error_of(found, _steps(found))


def _steps(fault: Any) -> list[str]:
    return [str(step) for step in fault["loc"] if not UNION_MEMBER.fullmatch(str(step))]

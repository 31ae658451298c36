"""Checks the body of a chat completion once, so that later code can rely on its types."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from inference.lite.errors import LiteError

CONTEXT = 32_768  # tokens
MAX_CHARACTERS = 8 * CONTEXT  # of messages, tools and response_format together
MAX_STRUCTURED = 4 * MAX_CHARACTERS  # of the clauses and readings that the gateway adds
MAX_DEPTH = 100
MAX_MESSAGES = 4_096
MAX_TOOLS = 512
MAX_LINES = 10_000  # of one reading
MAX_LIST = 1_000  # of anything else
MAX_NUMBER = 1e7  # of a place in pixels, either sign
Stop = Annotated[str, Field(max_length=256)]
# Pydantic takes "nan" and "inf" as numbers. No box has such a side, and JSON has no such value.
Number = Annotated[float, Field(ge=-MAX_NUMBER, le=MAX_NUMBER, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Sides = tuple[Number, Number, Number, Number]


def _list(limit: int) -> Any:
    """A list's bound. Validation stops at the first fault: naming 250,000 of them takes 10 s."""
    return Field(max_length=limit, fail_fast=True)


class Loose(BaseModel):
    """Ignores keys that this engine does not use."""

    model_config = ConfigDict(extra="ignore")


class ImageURL(Loose):
    url: str


class Part(Loose):
    type: str
    text: str | None = None
    image_url: ImageURL | None = None


class Message(Loose):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | Annotated[list[Part], _list(MAX_LIST)] | None = None
    tool_call_id: str | None = None


class Function(Loose):
    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None


class Tool(Loose):
    type: str
    function: Function


class NamedFunction(Loose):
    name: str


class NamedTool(Loose):
    function: NamedFunction


class StreamOptions(Loose):
    include_usage: bool = False


class Schema(Loose):
    schema_: dict[str, Any] | None = Field(None, alias="schema")


class ResponseFormat(Loose):
    type: str
    json_schema: Schema | None = None


class Clause(Loose):
    id: str = ""
    title: str = ""
    clause: str = ""
    text: str = ""
    score: Number = 1.0
    kind: str | None = None  # "clause" or "correction"
    author: str | None = None
    date: str | None = None


class Line(Loose):
    text: str
    box: Sides = (0, 0, 0, 0)
    confidence: Share = 1.0
    frame: Sides | None = None


class Lines(Loose):
    lines: Annotated[list[Line], Field(fail_fast=True)]


class Code(Loose):
    format: str
    text: str
    box: Sides = (0, 0, 0, 0)


class ReadField(Loose):
    name: str
    value: str
    box: Sides = (0, 0, 0, 0)
    confidence: Share = 1.0
    valid: bool | None = None
    label: str | None = None
    corrected: bool | None = None


class GivenReading(Loose):
    image: str = ""
    width: int = 0
    height: int = 0
    lines: Annotated[list[Line], _list(MAX_LINES)] = []
    fields: Annotated[list[ReadField], _list(MAX_LIST)] = []
    partial: bool = False
    kind: str = "other"
    legible: bool = True
    turned: int = 0
    codes: Annotated[list[Code], _list(MAX_LIST)] = []


Voice = Annotated[str, Field(max_length=4_000)]


class Persona(Loose):
    """The company's voice. Each text is in the language of the turn, or by language."""

    name: Voice | dict[str, Voice] | None = None
    company: Voice | dict[str, Voice] | None = None
    greeting: Voice | dict[str, Voice] | None = None
    refusal: Voice | dict[str, Voice] | None = None
    handoff_offer: Voice | dict[str, Voice] | None = None
    tone: Voice | dict[str, Voice] | None = None


Texts = dict[str, Voice]  # by language


class SystemTool(Loose):
    """A tool of the company's systems. `fields`: property → the reading's field that fills it."""

    name: str
    title: Texts = {}
    description: Texts = {}
    effect: Literal["read", "write"]
    parameters: dict[str, Any] = {}
    fields: dict[str, str] = {}
    labels: dict[str, Texts] = {}


class SystemResult(Loose):
    """What a call of this turn came to."""

    id: str = ""
    name: str
    title: Texts = {}
    arguments: dict[str, Any] = {}
    status: Literal["done", "failed", "proposed", "refused"]
    text: str | None = None
    values: dict[str, Any] | None = None
    reason: str | None = None
    action: dict[str, Any] | None = None


class ActionState(Loose):
    """What became of an earlier proposal."""

    title: Texts = {}
    by: str | None = None
    status: str
    text: str | None = None


class Waiting(Loose):
    """The conversation's hand-over that waits for a person."""

    number: int


class Structured(Loose):
    """What the gateway adds to the messages (docs/architecture.md, "The engine seam")."""

    locale: str | None = None
    intent: str | None = None
    angry: bool = False
    verdict: str | None = None
    suggestions: Annotated[list[Clause], _list(MAX_LIST)] = []
    persona: Persona | None = None

    clauses: Annotated[list[Clause], _list(MAX_LIST)] = []
    readings: Annotated[list[GivenReading | None], _list(MAX_LIST)] = []

    tools: Annotated[list[SystemTool], _list(MAX_TOOLS)] = []
    results: Annotated[list[SystemResult], _list(MAX_LIST)] = []

    actions: Annotated[list[ActionState], _list(MAX_LIST)] = []
    handoff: Waiting | None = None


class ChatBody(Loose):
    messages: Annotated[list[Message], Field(min_length=1), _list(MAX_MESSAGES)]
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    stop: Stop | Annotated[list[Stop], _list(MAX_LIST)] | None = None
    tools: Annotated[list[Tool], _list(MAX_TOOLS)] | None = None
    tool_choice: Literal["none", "auto", "required"] | NamedTool | None = None
    response_format: ResponseFormat | None = None
    sightdesk: Structured | None = None


def checked(body: dict[str, Any]) -> dict[str, Any]:
    """The body with known keys only, of the right types, and text of a bounded length.

    Raises LiteError, naming the first fault.
    """
    _bounded_depth(body)
    made = _dumped(ChatBody, body)
    size = sum(map(_text_size, made["messages"])) + _size(
        [made.get("tools"), made.get("response_format")]
    )
    _bounded_size(size, MAX_CHARACTERS)
    _bounded_size(_size([made.get("sightdesk")]), MAX_STRUCTURED)
    return made


def checked_lines(lines: list[Any]) -> list[dict[str, Any]]:
    """Lines as those of a reading. Raises LiteError, naming the first fault."""
    made: list[dict[str, Any]] = _dumped(Lines, {"lines": lines})["lines"]
    return made


def _dumped(model: type[BaseModel], body: dict[str, Any]) -> dict[str, Any]:
    try:
        return model.model_validate(body).model_dump(mode="json", by_alias=True, exclude_unset=True)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, fault["loc"]))
        raise LiteError(f"{where}: {fault['msg']}", param=where) from None


def _bounded_depth(body: dict[str, Any]) -> None:
    level: list[Any] = [body]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for value in level
            for child in _children(value)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return
    raise LiteError(
        f"The body is nested deeper than {MAX_DEPTH} levels.", details={"limit": MAX_DEPTH}
    )


def _bounded_size(size: int, limit: int) -> None:
    if size > limit:
        raise LiteError(
            f"The text has {size} characters, "
            f"more than this engine's context length allows ({limit}).",
            code="context_length_exceeded",
            param="messages",
            details={"limit": limit, "size": size},
        )


def _text_size(message: dict[str, Any]) -> int:
    """Characters of a message without its pictures."""
    content = message.get("content") or ""
    return (
        len(content)
        if isinstance(content, str)
        else sum(len(part.get("text") or "") for part in content)
    )


def _size(value: Any) -> int:
    """Characters of all keys and strings in a JSON value."""
    if isinstance(value, str):
        return len(value)
    own = sum(map(len, value)) if isinstance(value, dict) else 0
    return own + sum(map(_size, _children(value)))


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()

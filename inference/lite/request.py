"""The body of a chat completion, checked once: what passes here cannot fail later for its types."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from inference.lite.errors import LiteError

Stop = Annotated[str, Field(max_length=256)]


class Loose(BaseModel):
    """What this engine does not use is left aside."""

    model_config = ConfigDict(extra="ignore")


class ImageURL(Loose):
    url: str


class Part(Loose):
    type: str
    text: str | None = None
    image_url: ImageURL | None = None


class Message(Loose):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[Part] | None = None
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
    title: str = ""
    clause: str = ""
    text: str = ""
    score: float = 1.0


class Line(Loose):
    text: str
    box: tuple[float, float, float, float] = (0, 0, 0, 0)
    confidence: float = 1.0


class ReadField(Loose):
    name: str
    value: str
    box: tuple[float, float, float, float] = (0, 0, 0, 0)
    confidence: float = 1.0
    valid: bool | None = None


class HandedReading(Loose):
    image: str = ""
    width: int = 0
    height: int = 0
    lines: list[Line] = []
    fields: list[ReadField] = []
    partial: bool = False


class Structured(Loose):
    """What the gateway hands over beside the messages (docs/architecture.md, "The engine seam")."""

    clauses: list[Clause] = []
    readings: list[HandedReading | None] = []


class ChatBody(Loose):
    messages: list[Message] = Field(min_length=1)
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    stop: Stop | list[Stop] | None = None
    tools: list[Tool] | None = None
    tool_choice: Literal["none", "auto", "required"] | NamedTool | None = None
    response_format: ResponseFormat | None = None
    sightdesk: Structured | None = None


def checked(body: dict[str, Any]) -> dict[str, Any]:
    """The body with every known key of the right type. Raises LiteError, naming the first fault."""
    try:
        return ChatBody.model_validate(body).model_dump(mode="json", by_alias=True, exclude_unset=True)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, fault["loc"]))
        raise LiteError(f"{where}: {fault['msg']}") from None

"""The chat completions that a client may ask for: an allow-list, each parameter bounded (contract, section 3)."""

import re
from typing import Annotated, Any, Literal, Self, TypeVar

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError, model_validator
from pydantic_core import from_json

from gateway.errors import GatewayError, InvalidJSON, InvalidRequest, UnsupportedParameter

MAX_MESSAGES = 200
MAX_TOOLS = 32
MAX_TOOLS_BYTES = 64 * 1024
MAX_SCHEMA_BYTES = 16 * 1024
MAX_METADATA_BYTES = 16 * 1024
MAX_PARTS = 256  # of one message
# A body of eight megabytes of `1,` or `"a":1,` would become gigabytes of values and of errors. Text with so many commas or
# colons is longer than any engine's context.
MAX_COMMAS, MAX_COLONS = 500_000, 100_000
PIECE = 256 * 1024
MAX_NAMED = 200  # characters of a client's own parameter name that an error repeats


def as_given(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", by_alias=True, exclude_unset=True)


def at_most_bytes(bound: int, what: str) -> AfterValidator:
    def check(value: Any) -> Any:
        try:
            size = len(orjson.dumps(value, default=as_given))
        except orjson.JSONEncodeError as error:  # nested too deep, or a number of more than 64 bits
            raise ValueError(f"{what} cannot be passed on: {error}") from None
        if size > bound:
            raise ValueError(f"{what} has {size} bytes; at most {bound} are taken")
        return value

    return AfterValidator(check)


class Exact(BaseModel):
    """Nothing beyond what is listed, and no guessing of types: "5" is no number and 1 is not true."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Lenient(BaseModel):
    """Unknown keys are dropped, never passed on: SDKs send back what they received (`refusal`, `annotations`)."""

    model_config = ConfigDict(extra="ignore", strict=True, allow_inf_nan=False)


class Part(Lenient):
    pass


class TextPart(Part):
    type: Literal["text", "input_text"] = "text"
    text: str


class ImageURL(Lenient):
    url: str


class ImagePart(Part):
    type: Literal["image_url"]
    image_url: ImageURL


class FileReference(Lenient):
    file_id: str | None = Field(None, max_length=64)
    file_data: str | None = None
    filename: str | None = Field(None, max_length=512)

    @model_validator(mode="after")
    def one_of_both(self) -> Self:
        if (self.file_id is None) == (self.file_data is None):
            raise ValueError("give either file_id or file_data")
        return self


class FilePart(Part):
    type: Literal["file"]
    file: FileReference


def part_type(value: Any) -> str | None:
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return "text" if kind == "input_text" else kind


ContentPart = Annotated[
    Annotated[TextPart, Tag("text")] | Annotated[ImagePart, Tag("image_url")] | Annotated[FilePart, Tag("file")],
    Discriminator(
        part_type,
        custom_error_type="part_type",
        custom_error_message="a part is of type text, image_url or file",
    ),
]


class FunctionCall(Lenient):
    name: str = Field(max_length=128)
    arguments: str


class ToolCall(Lenient):
    id: str = Field(max_length=256)
    type: Literal["function"] = "function"
    function: FunctionCall


Parts = Annotated[list[ContentPart], Field(max_length=MAX_PARTS, fail_fast=True)]


class Message(Lenient):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | Parts | None = None
    name: str | None = Field(None, max_length=128)
    tool_calls: Annotated[list[ToolCall], Field(max_length=128, fail_fast=True)] | None = None
    tool_call_id: str | None = Field(None, max_length=256)

    @model_validator(mode="after")
    def says_something(self) -> Self:
        if not self.content and not self.tool_calls and self.role not in ("assistant", "tool"):
            raise ValueError("content is empty; say something")
        return self

    @property
    def text(self) -> str:
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if isinstance(part, TextPart))
        return self.content or ""

    @property
    def media(self) -> list[tuple[int, ImagePart | FilePart]]:
        """Pictures and files, each with its number among all parts."""
        if not isinstance(self.content, list):
            return []
        return [(index, part) for index, part in enumerate(self.content) if isinstance(part, ImagePart | FilePart)]


class Function(Exact):
    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class Tool(Exact):
    type: Literal["function"]
    function: Function


class FunctionName(Exact):
    name: str = Field(max_length=64)


class ToolChoice(Exact):
    type: Literal["function"]
    function: FunctionName


class JSONSchema(Exact):
    name: str = Field(max_length=64)
    description: str | None = Field(None, max_length=1024)
    schema_: dict[str, Any] | None = Field(None, alias="schema")
    strict: bool | None = None


class ResponseFormat(Exact):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: Annotated[JSONSchema, at_most_bytes(MAX_SCHEMA_BYTES, "json_schema")] | None = None

    @model_validator(mode="after")
    def has_its_schema(self) -> Self:
        if self.type == "json_schema" and self.json_schema is None:
            raise ValueError("type json_schema needs json_schema")
        return self


class StreamOptions(Exact):
    include_usage: bool = False


Tools = Annotated[list[Tool], Field(max_length=MAX_TOOLS, fail_fast=True), at_most_bytes(MAX_TOOLS_BYTES, "tools")]
Stop = Annotated[str, Field(min_length=1, max_length=64)]


class ChatRequest(Exact):
    model: str = Field(max_length=256)
    messages: Annotated[list[Message], Field(min_length=1, max_length=MAX_MESSAGES, fail_fast=True)]
    stream: bool = False
    stream_options: StreamOptions | None = None
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    top_k: int | None = Field(None, ge=-1, le=1000)
    min_p: float | None = Field(None, ge=0, le=1)
    presence_penalty: float | None = Field(None, ge=-2, le=2)
    frequency_penalty: float | None = Field(None, ge=-2, le=2)
    repetition_penalty: float | None = Field(None, gt=0, le=2)
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    stop: Stop | Annotated[list[Stop], Field(max_length=4, fail_fast=True)] | None = None
    seed: int | None = Field(None, ge=-(2**63), le=2**63 - 1)
    n: int | None = Field(None, ge=1, le=1)
    logprobs: bool | None = None
    top_logprobs: int | None = Field(None, ge=0, le=5)
    response_format: ResponseFormat | None = None
    tools: Tools | None = None
    tool_choice: Literal["none", "auto", "required"] | ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    user: str | None = Field(None, max_length=256)
    metadata: Annotated[dict[str, Any], at_most_bytes(MAX_METADATA_BYTES, "metadata")] | None = None
    store: bool | None = None

    @property
    def wanted_tokens(self) -> int | None:
        return self.max_completion_tokens or self.max_tokens

    @property
    def wants_usage(self) -> bool:
        return self.stream_options is not None and self.stream_options.include_usage

    @property
    def question(self) -> str:
        """What the user said last."""
        return next((message.text for message in reversed(self.messages) if message.role == "user"), "")


class PageRequest(ChatRequest):
    """POST /api/chat: chat completions plus a conversation."""

    model: str = Field("sightdesk", max_length=256)
    stream: bool = True
    conversation_id: str | None = Field(None, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")


Request = TypeVar("Request", bound=ChatRequest)

# Passed to the engine as they came, where they were given.
SAMPLING = frozenset((
    "temperature", "top_p", "top_k", "min_p", "presence_penalty", "frequency_penalty", "repetition_penalty", "stop",
    "seed", "logprobs", "top_logprobs", "response_format", "tools", "tool_choice", "parallel_tool_calls", "user",
))  # fmt: skip


def parse(shape: type[Request], body: bytes, max_model_len: int) -> Request:
    """The request in a JSON body. Raises InvalidJSON, UnsupportedParameter or InvalidRequest, naming the first fault."""
    if len(body) > MAX_COLONS and (_count(body, b",") > MAX_COMMAS or _count(body, b":") > MAX_COLONS):
        raise InvalidRequest(
            f"The body has more than {MAX_COMMAS} commas or {MAX_COLONS} colons: that is no conversation."
        )
    try:
        # In two steps: `model_validate_json` needs three times the body for a moment, and a body may be all pictures.
        given = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise InvalidJSON(f"The body is not JSON: {error}.") from None
    try:
        request = shape.model_validate(given)
    except ValidationError as error:
        raise first_fault(error) from None
    for name in ("max_tokens", "max_completion_tokens"):
        wanted = getattr(request, name)
        if wanted is not None and wanted > max_model_len:
            raise InvalidRequest(f"{name} is {wanted}; this engine's context holds {max_model_len}.", param=name)
    return request


def _count(body: bytes, character: bytes) -> int:
    """Piece by piece: one call on ten megabytes would hold the interpreter, and so every stream, for milliseconds. What has none, as a
    picture's base64, is passed over by `find`, which takes a twentieth of the time."""
    found, at = 0, body.find(character)
    while at >= 0:
        found += body.count(character, at, at + PIECE)
        at = body.find(character, at + PIECE)
    return found


# Which side of a union Pydantic tried: no step of the client's own.
UNION_SIDE = re.compile(r"(?:str|constrained-str|ToolChoice|(?:list|literal|tagged-union|function-\w+)\[.*)", re.DOTALL)


def first_fault(error: ValidationError) -> GatewayError:
    """The first fault, and of a union's sides the one that was followed furthest."""
    faults = error.errors(include_url=False, include_input=False)
    first = _steps(faults[0])
    fault = max(
        (other for other in faults if _steps(other)[: len(first)] == first), key=lambda other: len(_steps(other))
    )
    where = ".".join(_steps(fault))[:MAX_NAMED]
    if fault["type"] == "extra_forbidden":
        return UnsupportedParameter(f"{where} is not a parameter that is taken here.", param=where)
    message = fault["msg"].removeprefix("Value error, ")
    return InvalidRequest(f"{where}: {message}" if where else message, param=where or None)


def _steps(fault: Any) -> list[str]:
    return [str(step) for step in fault["loc"] if not UNION_SIDE.fullmatch(str(step))]

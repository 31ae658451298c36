"""The shape of chat completions: an allow-list, each parameter bounded (contract, section 3). `parse.py` reads it from a body."""

from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    PrivateAttr,
    Tag,
    field_validator,
    model_validator,
)

from gateway.openai.base64_payload import PLACEHOLDER_LENGTH, Payload
from gateway.openai.validation import LenientModel, StrictModel, at_most_bytes, fault

MAX_MESSAGES = 200
MAX_TOOLS = 32
MAX_TOOLS_BYTES = 64 * 1024
MAX_SCHEMA_BYTES = 16 * 1024
MAX_METADATA_BYTES = 16 * 1024
MAX_PARTS = 256  # of one message
PAGE_ROLES = ("user", "assistant")


class Part(LenientModel):
    pass


class MediaPart(Part):
    """A picture or a file. Its data URL's base64 may have been taken out of the body before that was parsed."""

    _payload: Payload | None = PrivateAttr(None)

    @property
    def url(self) -> str:
        raise NotImplementedError

    def _set_url(self, url: str) -> None:
        raise NotImplementedError

    def claim(self, payloads: dict[str, Payload]) -> None:
        """Takes the base64 whose placeholder stands in the URL."""
        self._payload = payloads.pop(self.url[-PLACEHOLDER_LENGTH:], None)
        if self._payload is not None:
            self._set_url(self.url[:-PLACEHOLDER_LENGTH])

    def take(self) -> tuple[str, Payload | None]:
        """The URL, and its base64 where that is apart. The part keeps neither: they may have megabytes."""
        taken = self.url, self._payload
        self._set_url("")
        self._payload = None
        return taken


class TextPart(Part):
    type: Literal["text", "input_text"] = "text"
    text: str


class ImageURL(LenientModel):
    url: str


class ImagePart(MediaPart):
    type: Literal["image_url"]
    image_url: ImageURL

    @property
    def url(self) -> str:
        return self.image_url.url

    def _set_url(self, url: str) -> None:
        self.image_url.url = url


class FileReference(LenientModel):
    file_id: str | None = Field(None, max_length=64)
    file_data: str | None = None
    filename: str | None = Field(None, max_length=512)

    @model_validator(mode="after")
    def one_of_both(self) -> Self:
        if (self.file_id is None) == (self.file_data is None):
            raise ValueError("give either file_id or file_data")
        return self


class FilePart(MediaPart):
    type: Literal["file"]
    file: FileReference

    @property
    def url(self) -> str:
        return self.file.file_data or ""

    def _set_url(self, url: str) -> None:
        self.file.file_data = url


def part_type(value: Any) -> str | None:
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return "text" if kind == "input_text" else kind


ContentPart = Annotated[
    Annotated[TextPart, Tag("text")]
    | Annotated[ImagePart, Tag("image_url")]
    | Annotated[FilePart, Tag("file")],
    Discriminator(
        part_type,
        custom_error_type="part_type",
        custom_error_message="a part is of type text, image_url or file",
    ),
]


class FunctionCall(LenientModel):
    name: str = Field(max_length=128)
    arguments: str


class ToolCall(LenientModel):
    id: str = Field(max_length=256)
    # Null is not given here as well; but the engine wants it.
    type: Annotated[
        Literal["function"], BeforeValidator(lambda kind: "function" if kind is None else kind)
    ] = "function"
    function: FunctionCall


Parts = Annotated[list[ContentPart], Field(max_length=MAX_PARTS, fail_fast=True)]


class Message(LenientModel):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | Parts | None = None
    name: str | None = Field(None, max_length=128)
    tool_calls: Annotated[list[ToolCall], Field(max_length=128, fail_fast=True)] | None = None
    tool_call_id: str | None = Field(None, max_length=256)

    @model_validator(mode="after")
    def says_something(self) -> Self:
        if not self.content and self.role == "user":
            raise ValueError("content is empty; say something")
        return self

    @property
    def characters(self) -> int:
        """Of all text in it: what is said, names and tool calls included."""
        size = len(self.name or "") + len(self.tool_call_id or "")
        if isinstance(self.content, str):
            size += len(self.content)
        elif self.content is not None:
            size += sum(len(part.text) for part in self.content if isinstance(part, TextPart))
        for call in self.tool_calls or ():
            size += len(call.id) + len(call.function.name) + len(call.function.arguments)
        return size

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
        return [
            (index, part)
            for index, part in enumerate(self.content)
            if isinstance(part, ImagePart | FilePart)
        ]


class Function(StrictModel):
    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class Tool(StrictModel):
    type: Literal["function"]
    function: Function


class FunctionName(StrictModel):
    name: str = Field(max_length=64)


class ToolChoice(StrictModel):
    type: Literal["function"]
    function: FunctionName


class JSONSchema(StrictModel):
    name: str = Field(max_length=64)
    description: str | None = Field(None, max_length=1024)
    schema_: dict[str, Any] | None = Field(None, alias="schema")
    strict: bool | None = None


class ResponseFormat(StrictModel):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: Annotated[JSONSchema, at_most_bytes(MAX_SCHEMA_BYTES, "json_schema")] | None = None

    @model_validator(mode="after")
    def has_its_schema(self) -> Self:
        if self.type == "json_schema" and self.json_schema is None:
            raise ValueError("type json_schema needs json_schema")
        return self


class StreamOptions(StrictModel):
    include_usage: bool = False


Tools = Annotated[
    list[Tool], Field(max_length=MAX_TOOLS, fail_fast=True), at_most_bytes(MAX_TOOLS_BYTES, "tools")
]
Stop = Annotated[str, Field(min_length=1, max_length=64)]


class ChatRequest(StrictModel):
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
        return next(
            (message.text for message in reversed(self.messages) if message.role == "user"), ""
        )


class PageRequest(ChatRequest):
    """POST /api/chat: chat completions plus a conversation. The system message is the desk's own, never a visitor's."""

    model: str = Field("sightdesk", max_length=256)
    stream: bool = True
    conversation_id: str | None = Field(None, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")

    @field_validator("messages")
    @classmethod
    def of_two(cls, messages: list[Message]) -> list[Message]:
        for number, message in enumerate(messages):
            if message.role not in PAGE_ROLES:
                told = f"the role {message.role} is not taken here; send {' or '.join(PAGE_ROLES)}"
                raise fault(told, f"{number}.role", role=message.role, accepted=list(PAGE_ROLES))
        return messages


# Passed to the engine as they came, where they were given.
SAMPLING = frozenset((
    "temperature", "top_p", "top_k", "min_p", "presence_penalty", "frequency_penalty", "repetition_penalty", "stop",
    "seed", "logprobs", "top_logprobs", "response_format", "tools", "tool_choice", "parallel_tool_calls", "user",
))  # fmt: skip

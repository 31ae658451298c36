"""The parameters of chat completions: an allow-list, each with its bounds (contract, section 3).
body_parser.py reads them from a body."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from gateway.openai.messages import Message
from gateway.openai.tools import ResponseFormat, ToolChoice, Tools
from gateway.openai.validation import StrictModel, at_most_bytes, validation_fault

MAX_MESSAGES = 200
MAX_METADATA_BYTES = 16 * 1024
MAX_CORRECTIONS = 64
MAX_VALUE = 500  # characters of a corrected field
PAGE_ROLES = ("user", "assistant")

Stop = Annotated[str, Field(min_length=1, max_length=64)]


class StreamOptions(StrictModel):
    include_usage: bool = False


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
        """The longest answer that the client wants, in tokens; None: no limit of its own."""
        return self.max_completion_tokens or self.max_tokens

    @property
    def wants_usage(self) -> bool:
        return self.stream_options is not None and self.stream_options.include_usage

    @property
    def newest_question(self) -> Message | None:
        """The user's last message."""
        return next(
            (message for message in reversed(self.messages) if message.role == "user"), None
        )

    @property
    def question(self) -> str:
        """The text of the user's last message."""
        return self.newest_question.text if self.newest_question is not None else ""


class FieldValue(StrictModel):
    """What a person says that a field of a reading is. `was`: which of several it replaces."""

    image: str = Field(min_length=1, max_length=128)
    name: str = Field(max_length=64, pattern=r"^[a-z][a-z0-9_]{0,63}$")
    value: str = Field(min_length=1, max_length=MAX_VALUE)
    was: str | None = Field(None, max_length=MAX_VALUE)


class PageRequest(ChatRequest):
    """POST /api/chat: chat completions plus a conversation. The system message is the desk's own,
    never a visitor's."""

    model: str = Field("sightdesk", max_length=256)
    stream: bool = True
    conversation_id: str | None = Field(None, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")

    corrections: (
        Annotated[list[FieldValue], Field(max_length=MAX_CORRECTIONS, fail_fast=True)] | None
    ) = None

    @field_validator("messages")
    @classmethod
    def have_page_roles(cls, messages: list[Message]) -> list[Message]:
        for number, message in enumerate(messages):
            if message.role not in PAGE_ROLES:
                text = f"the role {message.role} is not taken here; send {' or '.join(PAGE_ROLES)}"
                details = {"role": message.role, "accepted": list(PAGE_ROLES)}
                raise validation_fault(text, f"{number}.role", **details)
        return messages


# Passed to the engine unchanged, where the client gave them.
SAMPLING = frozenset(
    """
    temperature top_p top_k min_p presence_penalty frequency_penalty repetition_penalty stop
    seed logprobs top_logprobs response_format tools tool_choice parallel_tool_calls user
    """.split()
)

"""Messages of a chat completions request: their roles, and their text, picture and file parts."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, PrivateAttr, Tag, model_validator

from gateway.openai.base64_payload import PLACEHOLDER_LENGTH, Payload
from gateway.openai.validation import LenientModel

MAX_PARTS = 256  # of one message


class MediaPart(LenientModel):
    """A picture or a file. The base64 of its data URL may have been taken out of the body before
    the body was parsed (base64_payload.py)."""

    _payload: Payload | None = PrivateAttr(None)

    @property
    def url(self) -> str:
        raise NotImplementedError

    def _set_url(self, url: str) -> None:
        raise NotImplementedError

    def claim(self, payloads: dict[str, Payload]) -> None:
        """Takes out of `payloads` the base64 whose placeholder ends the URL."""
        self._payload = payloads.pop(self.url[-PLACEHOLDER_LENGTH:], None)
        if self._payload is not None:
            self._set_url(self.url[:-PLACEHOLDER_LENGTH])

    def take(self) -> tuple[str, Payload | None]:
        """(URL, its base64 where that is apart). The part keeps neither, since they may have
        megabytes."""
        taken = self.url, self._payload
        self._set_url("")
        self._payload = None
        return taken


class TextPart(LenientModel):
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
    def has_one_source(self) -> Self:
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
Parts = Annotated[list[ContentPart], Field(max_length=MAX_PARTS, fail_fast=True)]


class FunctionCall(LenientModel):
    name: str = Field(max_length=128)
    arguments: str


class ToolCall(LenientModel):
    id: str = Field(max_length=256)
    # Null means "not given" here as well, but the engine needs the type.
    type: Annotated[
        Literal["function"], BeforeValidator(lambda kind: "function" if kind is None else kind)
    ] = "function"
    function: FunctionCall


class Message(LenientModel):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | Parts | None = None
    name: str | None = Field(None, max_length=128)
    tool_calls: Annotated[list[ToolCall], Field(max_length=128, fail_fast=True)] | None = None
    tool_call_id: str | None = Field(None, max_length=256)

    @model_validator(mode="after")
    def has_content(self) -> Self:
        if not self.content and self.role == "user":
            raise ValueError("content is empty; say something")
        return self

    @property
    def text(self) -> str:
        """Its content without pictures and files; text parts are joined by line breaks."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if isinstance(part, TextPart))
        return self.content or ""

    @property
    def media(self) -> list[tuple[int, ImagePart | FilePart]]:
        """Pictures and files, each with its index among all parts."""
        if not isinstance(self.content, list):
            return []
        return [
            (index, part)
            for index, part in enumerate(self.content)
            if isinstance(part, ImagePart | FilePart)
        ]

"""The content parts of a request that are pictures or files."""

from collections.abc import Iterator
from contextlib import contextmanager

from gateway.errors import GatewayError
from gateway.media.attachments import PartPosition
from gateway.openai.messages import FilePart, ImagePart, Message

MediaPart = ImagePart | FilePart


def media_parts(messages: list[Message]) -> list[tuple[PartPosition, MediaPart]]:
    """All of them, in the order of the request."""
    return [
        ((number, index), part)
        for number, message in enumerate(messages)
        for index, part in message.media
    ]


def file_id_of(part: MediaPart) -> str | None:
    """The id of an uploaded file; None for a URL."""
    return part.file.file_id if isinstance(part, FilePart) else None


def is_remote(part: MediaPart) -> bool:
    """Whether the part is an http(s) URL."""
    return part.url[:8].lower().startswith(("http:", "https:"))


def param_of(position: PartPosition) -> str:
    """The part's name in errors: "messages.0.content.1"."""
    return f"messages.{position[0]}.content.{position[1]}"


@contextmanager
def errors_name(position: PartPosition) -> Iterator[None]:
    """Errors raised in the block name the part as their `param`."""
    try:
        yield
    except GatewayError as error:
        error.param = error.param or param_of(position)
        raise

"""The bounds on a request's pictures that need no decoding."""

from collections.abc import Iterable

from gateway.errors import InvalidImage, TooManyImages
from gateway.media.attachments import Attachment, PartPosition
from gateway.media.media_parts import MediaPart, is_remote, param_of
from gateway.openai.messages import Message


def check_parts(
    messages: list[Message],
    parts: Iterable[tuple[PartPosition, MediaPart]],
    max_images: int,
    allows_remote: bool,
) -> None:
    """Raises InvalidImage for an http(s) URL that is not fetched, TooManyImages for a message."""
    for position, part in parts:
        if not allows_remote and is_remote(part):
            raise InvalidImage(
                "Pictures from http(s) addresses are not fetched here; send a data URL or a file.",
                param=param_of(position),
                details={"name": "ALLOW_REMOTE_IMAGES"},
            )
    for number, message in enumerate(messages):
        _check_count(len(message.media), number, max_images)


def check_page_count(loaded: Iterable[Attachment], position: PartPosition, max_images: int) -> None:
    """As `check_parts` for one message, now with each page of a PDF counted. Raises
    TooManyImages."""
    number = position[0]
    _check_count(sum(attachment.position[0] == number for attachment in loaded), number, max_images)


def _check_count(count: int, message_number: int, max_images: int) -> None:
    if count > max_images:
        raise TooManyImages(
            f"One message has {count} pictures or pages; "
            f"at most {max_images} are taken (MAX_IMAGES).",
            param=f"messages.{message_number}.content",
            details={"limit": max_images, "size": count, "name": "MAX_IMAGES"},
        )

"""The texts that replace pictures which the engine does not get."""

from collections.abc import Iterable

from gateway.media.attachments import Attachment, PartPosition
from gateway.media.media_parts import MediaPart, file_id_of

NOT_READ = "[an earlier picture, left out]"


def set_readings(
    attachments: list[Attachment], parts: Iterable[tuple[PartPosition, MediaPart]]
) -> None:
    """Gives each attachment its reading, labelled by its file's id or its number among all
    pictures and pages. Where a document is read in part, its other pages get an empty reading that
    says `partial`."""
    number = 1
    for position, part in parts:
        pages = [attachment for attachment in attachments if attachment.position == position]
        is_read = any(page.is_read for page in pages)
        for page in pages:
            if is_read and page.scans:
                page.reading = page.merged_reading(file_id_of(part) or f"image-{number}")
        number += len(pages) or 1


def notes_for(
    attachments: list[Attachment], left_out: Iterable[PartPosition], image_tokens: int
) -> dict[PartPosition, str]:
    """The notes by position. `left_out` are parts that were not loaded at all.

    The newest notes come first until they fill half as many characters as pictures may have tokens,
    since a Chinese character may be a token.
    """
    room = image_tokens // 2
    notes: dict[PartPosition, list[str]] = {}
    for attachment in reversed(attachments):
        if not attachment.is_whole:
            note = attachment.note if len(attachment.note) <= room else ""
            room -= len(note)
            notes.setdefault(attachment.position, []).insert(0, note)
    joined = {
        position: "\n".join(filter(None, texts)) or NOT_READ for position, texts in notes.items()
    }
    return dict.fromkeys(left_out, NOT_READ) | joined

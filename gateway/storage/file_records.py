"""The record of an uploaded file: its name, type, size, pages and digest, as JSON."""

from dataclasses import asdict, dataclass, fields
from typing import Any

import orjson


class BrokenRecord(Exception):
    """A record that is incomplete, or not one of ours."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    id: str
    filename: str
    content_type: str
    bytes: int
    pages: int
    created_at: int  # seconds since 1970
    sha256: str
    from_page: bool = False  # uploaded by the page, for a question

    def as_openai(self) -> dict[str, Any]:
        """OpenAI's file object, with the content type and the number of pages added."""
        told = {**asdict(self), "object": "file", "purpose": "vision", "status": "processed"}
        del told["from_page"]
        return told


def record_of(file: StoredFile) -> bytes:
    return orjson.dumps(asdict(file))


def read_record(data: bytes) -> StoredFile:
    """The record from its JSON. Raises BrokenRecord."""
    try:
        file = StoredFile(**orjson.loads(data))
    except (ValueError, TypeError) as error:
        raise BrokenRecord(str(error)) from None
    kinds = {"bytes": int, "pages": int, "created_at": int, "from_page": bool}
    wrong = [
        one.name
        for one in fields(file)
        if not isinstance(getattr(file, one.name), kinds.get(one.name, str))
    ]
    if wrong:
        raise BrokenRecord(f"{', '.join(wrong)}: of a wrong type")
    return file

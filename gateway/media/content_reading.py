"""The reading of a picture whose text is in its file."""

from typing import Any

from gateway.media.picture import Picture, Reading


def content_reading(picture: Picture, found: dict[str, Any] | None = None) -> Reading:
    """A reading as the OCR service gives it. `found`: the `kind`, `fields` and `codes` that the
    service has found in the lines; those of the file itself come first."""
    content, found = picture.content or {}, found or {}
    return {
        "width": picture.width,
        "height": picture.height,
        "kind": content.get("kind") or found.get("kind") or "other",
        "legible": True,
        "partial": False,
        "turned": content.get("turned", 0),
        "lines": content.get("lines", []),
        "fields": content.get("fields") or found.get("fields") or [],
        "codes": found.get("codes") or [],
    }

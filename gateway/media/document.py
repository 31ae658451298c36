"""Reads an electronic invoice as OFD or XML: no picture, but its text and its fields. Runs in a
worker."""

from typing import Any

from gateway.errors import UnsupportedMediaType
from gateway.media.invoice_xml import Value, invoice_values, is_invoice
from gateway.media.ofd import OFD, read_ofd
from gateway.media.picture import Picture, Reading, digest
from gateway.media.xml_tree import damaged, parse

# Where a file has no layout, its lines lie below each other like this, in pixels.
LINE_HEIGHT, LETTER = 40, 24
TEXT_HEIGHT = 30
MARGIN = 40
NOWHERE = [0, 0, 0, 0]


def read_document(data: bytes, kind: str) -> Picture:
    """One picture without bytes, with the document as its `content`. `kind`: its media type.

    Raises InvalidImage, ImageTooLarge, or UnsupportedMediaType for XML that is no invoice.
    """
    return _ofd(data) if kind == "application/ofd" else _xml(data)


def _ofd(data: bytes) -> Picture:
    ofd = read_ofd(data)
    lines = [_line(text.text, text.box) for text in ofd.texts]
    if not lines and not ofd.values:
        raise damaged("OFD file")
    content: Reading = {"lines": lines}
    if ofd.values:
        boxes = {one.value: _place_of(one, ofd) for one in ofd.values}
        content |= _fields(ofd.values, boxes)
    return _picture(content, "application/ofd", ofd.width, ofd.height, data)


def _xml(data: bytes) -> Picture:
    root = parse(data)
    values = invoice_values(root) if is_invoice(root) else []
    if not values:
        raise UnsupportedMediaType(
            "This XML is no electronic invoice that can be read. Send it as PDF or as a picture.",
            details={"kind": "XML", "type": "xml", "advice": "save_as_pdf"},
        )
    lines = []
    boxes = {}
    for number, value in enumerate(values):
        text = value.line
        box = [MARGIN, MARGIN + LINE_HEIGHT * number, LETTER * len(text), TEXT_HEIGHT]
        lines.append(_line(text, box))
        boxes[value.value] = box
    width = 2 * MARGIN + max(line["box"][2] for line in lines)
    height = 2 * MARGIN + LINE_HEIGHT * len(lines)
    content = {"lines": lines, **_fields(values, boxes)}
    return _picture(content, "application/xml", width, height, data)


def _place_of(value: Value, ofd: OFD) -> list[int]:
    """The box of the first text that holds the value."""
    wanted = value.value.lstrip("¥")
    return next((text.box for text in ofd.texts if wanted in text.text.replace(",", "")), NOWHERE)


def _line(text: str, box: list[int]) -> dict[str, Any]:
    return {"text": text, "box": box, "confidence": 1.0}


def _fields(values: list[Value], boxes: dict[str, list[int]]) -> dict[str, Any]:
    """`boxes` by value."""
    fields = [
        {
            "name": one.name,
            "value": one.value,
            "box": boxes.get(one.value, NOWHERE),
            "confidence": 1.0,
            "valid": None,
        }
        for one in values
    ]
    return {"kind": "invoice", "fields": fields}


def _picture(content: Reading, kind: str, width: int, height: int, data: bytes) -> Picture:
    return Picture(b"", kind, max(width, 1), max(height, 1), digest(data), content=content)

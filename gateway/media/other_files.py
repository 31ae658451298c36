"""Names the files that are not taken, and what to do with them."""

import re
from dataclasses import dataclass

HEAD_BYTES = 2048
TAIL_BYTES = 256 * 1024  # of a ZIP: its table of contents is at the end
ANY_HEIF = frozenset((b"mif1", b"msf1"))
ADVICE = {
    "save_as_pdf": "save it as PDF (File, Save as, PDF) and send that",
    "unpack": "unpack it and send the pictures or PDFs in it",
    "send_as_jpeg": "save it as JPEG or PNG and send that",
    "paste_text": "copy its text into the question",
    "take_screenshot": "send a screenshot of the moment that matters",
    "send_other_file": "send a picture or a PDF",
}


@dataclass(frozen=True, slots=True)
class OtherFile:
    """`kind`: its name for people. `type`: its usual ending. `advice`: one of ADVICE."""

    kind: str
    type: str
    advice: str


UNKNOWN = OtherFile("unknown", "", "send_other_file")
PICTURE, OFFICE, PACKED, VIDEO = "send_as_jpeg", "save_as_pdf", "unpack", "take_screenshot"
BY_HEAD = tuple(
    (re.compile(pattern, re.DOTALL), OtherFile(kind, ending, advice))
    for pattern, kind, ending, advice in (
        (rb"....ftyp(?:avif|avis)", "AVIF", "avif", PICTURE),
        (rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", "JPEG 2000", "jp2", PICTURE),
        (rb"\0\0\0\x0cJXL |\xff\x0a", "JPEG XL", "jxl", PICTURE),
        (rb"II[*+]\0|MM\0[*+]", "TIFF", "tiff", PICTURE),
        (rb"8BPS", "Photoshop", "psd", PICTURE),
        (rb"Rar!\x1a\x07", "RAR archive", "rar", PACKED),
        (rb"7z\xbc\xaf\x27\x1c", "7-Zip archive", "7z", PACKED),
        (rb"\x1f\x8b", "gzip archive", "gz", PACKED),
        (rb"BZh[1-9]", "bzip2 archive", "bz2", PACKED),
        (rb"\xfd7zXZ\0", "XZ archive", "xz", PACKED),
        (rb"\{\\rtf", "RTF document", "rtf", OFFICE),
        (rb"%!PS", "PostScript", "ps", OFFICE),
        (rb"....ftyp|\x1aE\xdf\xa3|RIFF....AVI ", "video", "mp4", VIDEO),
        (rb"ID3|OggS|fLaC|RIFF....WAVE|#!AMR", "audio", "mp3", "paste_text"),
    )
)
# Entries of a ZIP, the first that is found counts. OpenDocument says its type in plain text.
BY_ENTRY = (
    (b"word/", OtherFile("Word document", "docx", OFFICE)),
    (b"xl/", OtherFile("Excel workbook", "xlsx", OFFICE)),
    (b"ppt/", OtherFile("PowerPoint presentation", "pptx", OFFICE)),
    (b"opendocument.text", OtherFile("OpenDocument text", "odt", OFFICE)),
    (b"opendocument.spreadsheet", OtherFile("OpenDocument spreadsheet", "ods", OFFICE)),
    (b"opendocument.presentation", OtherFile("OpenDocument presentation", "odp", OFFICE)),
    (b"Index/Document.iwa", OtherFile("Apple iWork document", "pages", OFFICE)),
    (b"META-INF/container.xml", OtherFile("e-book", "epub", OFFICE)),
)
# Streams of an OLE2 file, whose names are in UTF-16.
BY_STREAM = (
    ("WordDocument", OtherFile("Word document", "doc", OFFICE)),
    ("Workbook", OtherFile("Excel workbook", "xls", OFFICE)),
    ("PowerPoint Document", OtherFile("PowerPoint presentation", "ppt", OFFICE)),
    ("__substg1.0_", OtherFile("Outlook message", "msg", OFFICE)),
)
ZIP = OtherFile("ZIP archive", "zip", PACKED)
OLE2 = OtherFile("Office document", "doc", OFFICE)
TAR_AT, TAR = 257, b"ustar"
PLAIN = re.compile(rb"[^\0-\x08\x0e-\x1a\x1c-\x1f\x7f]+")


def is_zip(data: bytes | bytearray) -> bool:
    return data.startswith(b"PK\x03\x04")


def other_file(data: bytes | bytearray) -> OtherFile:
    """What a file is that cannot be taken, by its first bytes; for archives also by its last."""
    head = bytes(data[:HEAD_BYTES])
    if is_zip(head):
        return _by_content(data, [(name, found) for name, found in BY_ENTRY], ZIP)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        streams = [(name.encode("utf-16-le"), found) for name, found in BY_STREAM]
        return _by_content(data, streams, OLE2)
    if head[4:8] == b"ftyp" and head[8:12] in ANY_HEIF:
        return BY_HEAD[0][1]
    if found := next((found for pattern, found in BY_HEAD if pattern.match(head)), None):
        return found
    if head[TAR_AT : TAR_AT + len(TAR)] == TAR:
        return OtherFile("TAR archive", "tar", PACKED)
    return _by_text(head)


def _by_content(
    data: bytes | bytearray, names: list[tuple[bytes, OtherFile]], otherwise: OtherFile
) -> OtherFile:
    head, tail = bytes(data[:TAIL_BYTES]), bytes(data[-TAIL_BYTES:])
    return next((found for name, found in names if name in head or name in tail), otherwise)


def _by_text(head: bytes) -> OtherFile:
    lowered = head.lower()
    if b"<svg" in lowered:
        return OtherFile("SVG", "svg", PICTURE)
    if b"<html" in lowered or b"<!doctype html" in lowered:
        return OtherFile("web page", "html", OFFICE)
    if head and PLAIN.fullmatch(head):
        return OtherFile("text file", "txt", "paste_text")
    return UNKNOWN

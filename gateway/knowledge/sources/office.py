"""Readers of binary files. Importing them takes half a second, so text is parsed without them."""

import codecs
from collections.abc import Mapping, Sequence

from PIL import Image

from gateway.knowledge.sources.archives import NotReadable
from gateway.knowledge.sources.document import Document
from gateway.knowledge.sources.docx import read_docx
from gateway.knowledge.sources.pdf import read_pdf
from gateway.knowledge.sources.pdf_page import drawn as drawn
from gateway.knowledge.sources.xlsx import read_xlsx

# The sandbox opens no file later on.
Image.preinit()
for _name in ("cp437", "latin-1", "utf-16", "utf-16-le", "utf-16-be", "ascii"):
    codecs.lookup(_name)
MAGIC = {".docx": b"PK", ".xlsx": b"PK", ".pdf": b"%PDF"}
HEAD_BYTES = 1024  # a PDF may begin with a few bytes of something else
OLD_OFFICE = b"\xd0\xcf\x11\xe0"


def read_office(
    suffix: str, data: bytes, document: Document, scans: Mapping[int, Sequence[str]]
) -> None:
    """Raises NotReadable, Exhausted, and what the libraries raise on damaged files."""
    if data.startswith(OLD_OFFICE):
        raise NotReadable("is encrypted or of an old Office; save it anew, without a password")
    if MAGIC[suffix] not in data[:HEAD_BYTES]:
        raise NotReadable(f"is no {suffix[1:].upper()} file, whatever its name says")
    if suffix == ".pdf":
        read_pdf(data, document, scans)
    elif suffix == ".docx":
        read_docx(data, document)
    else:
        read_xlsx(data, document)

"""Reads an OFD document (GB/T 33190): a ZIP of XML. Texts of its pages with their boxes, and the
fields of an invoice from the XML that is attached to it or from its tags."""

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.errors import ImageTooLarge, InvalidImage
from gateway.media.invoice_xml import Value, invoice_values, is_invoice, values_of
from gateway.media.limits import MIB
from gateway.media.xml_tree import Element, damaged, parse

MAX_ENTRIES = 2_000
MAX_ENTRY_BYTES = 8 * MIB  # unpacked
MAX_BYTES = 32 * MIB  # of all entries that are read, unpacked
MAX_ATTACHED = 20  # XML files besides the pages
MAX_TEXTS = 5_000
PIXELS = 150 / 25.4  # of one millimetre
A4 = (210.0, 297.0)
BOX_NUMBERS = 4
READABLE = frozenset((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
ENCRYPTED = 0x1  # flag of an entry


@dataclass(frozen=True, slots=True)
class Text:
    """`box`: [x, y, width, height] in pixels of its page."""

    text: str
    box: list[int]


@dataclass(slots=True)
class OFD:
    """`height`: of all pages below each other, in pixels; the boxes are in that picture."""

    width: int = 0
    height: int = 0
    texts: list[Text] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)


def read_ofd(data: bytes) -> OFD:
    """Raises InvalidImage or ImageTooLarge."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _Reader(archive).read()
    except (zipfile.BadZipFile, zlib.error, EOFError, ArithmeticError, LookupError, ValueError):
        raise damaged("OFD file") from None
    except NotImplementedError:  # an entry that is packed in another way
        raise damaged("OFD file") from None


class _Reader:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._left = MAX_BYTES
        self._by_id: dict[str, Text] = {}
        self._ofd = OFD()
        if len(archive.infolist()) > MAX_ENTRIES:
            raise _too_large("files", MAX_ENTRIES, len(archive.infolist()))

    def read(self) -> OFD:
        pages: list[str] = []
        for body in self._xml("OFD.xml").all("DocRoot"):
            pages += self._document(_path("", body.text))
        self._ofd.values = self._attached({*pages, "OFD.xml"})
        return self._ofd

    def _document(self, path: str) -> list[str]:
        """Reads the pages of a document; returns the files that were read for it."""
        document = self._xml(path)
        size = _size(document, A4)
        templates = {
            one.attributes.get("ID", ""): _path(path, one.attributes.get("BaseLoc", ""))
            for one in document.all("TemplatePage")
        }
        read = [path, *templates.values()]
        for page in document.all("Page"):
            place = _path(path, page.attributes.get("BaseLoc", ""))
            read.append(place)
            self._page(self._xml(place), templates, size)
        return read

    def _page(self, page: Element, templates: dict[str, str], size: tuple[float, float]) -> None:
        width, height = _size(page, size)
        for template in page.all("Template"):
            if place := templates.get(template.attributes.get("TemplateID", "")):
                self._add_texts(self._xml(place))
        self._add_texts(page)
        self._ofd.width = max(self._ofd.width, round(width * PIXELS))
        self._ofd.height += round(height * PIXELS)

    def _add_texts(self, page: Element) -> None:
        for drawn in page.all("TextObject"):
            text = "".join(code.text for code in drawn.all("TextCode")).strip()
            is_hidden = drawn.attributes.get("Visible") == "false"
            if not text or is_hidden or len(self._ofd.texts) >= MAX_TEXTS:
                continue
            left, top, width, height = _numbers(drawn.attributes.get("Boundary", ""))
            box = [round(side * PIXELS) for side in (left, top, width, height)]
            placed = Text(text, [box[0], box[1] + self._ofd.height, *box[2:]])
            self._ofd.texts.append(placed)
            self._by_id[drawn.attributes.get("ID", "")] = placed

    def _attached(self, read: set[str]) -> list[Value]:
        """The fields of the first attached invoice, else those that the document tags."""
        tagged: list[Value] = []
        names = [name for name in self._archive.namelist() if name.lower().endswith(".xml")]
        for name in [name for name in names if name not in read][:MAX_ATTACHED]:
            try:
                root = self._xml(name)
            except InvalidImage:
                continue  # a signature's or a seal's file; the pages are read
            if is_invoice(root) and (found := invoice_values(root)):
                return found
            tagged = tagged or values_of(dict(self._tags(root)))
        return tagged

    def _tags(self, root: Element) -> Iterator[tuple[str, str]]:
        """(tag in lower case, the texts of the objects to which it refers)."""
        for tag in root.walk():
            refers = [child.text.strip() for child in tag.children if child.name == "ObjectRef"]
            if refers:
                texts = [self._by_id[one].text for one in refers if one in self._by_id]
                yield tag.name.lower(), "".join(texts)

    def _xml(self, name: str) -> Element:
        entry = self._archive.getinfo(name)
        if entry.flag_bits & ENCRYPTED:
            raise InvalidImage(
                "The OFD file is protected by a password; remove it or send the invoice as PDF.",
                details={"name": "password"},
            )
        if entry.compress_type not in READABLE:
            raise damaged("OFD file")
        limit = min(MAX_ENTRY_BYTES, self._left)
        with self._archive.open(entry) as packed:
            data = packed.read(limit + 1)  # never more, whatever the entry claims
        if len(data) > limit:
            raise _too_large("bytes", limit, entry.file_size)
        self._left -= len(data)
        return parse(data)


def _path(base: str, location: str) -> str:
    """A location as the archive names it: from its root, or relative to the file that names it."""
    location = location.strip()
    if location.startswith("/"):
        return posixpath.normpath(location.lstrip("/"))
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), location))


def _size(element: Element, otherwise: tuple[float, float]) -> tuple[float, float]:
    """(width, height) in millimetres, bounded to what a page can have."""
    box = element.first("PhysicalBox")
    if box is None:
        return otherwise
    _, _, width, height = _numbers(box.text)
    return min(max(width, 1.0), 2000.0), min(max(height, 1.0), 2000.0)


def _numbers(text: str) -> tuple[float, float, float, float]:
    """Raises ValueError."""
    left, top, width, height = (float(part) for part in text.split()[:BOX_NUMBERS])
    return left, top, width, height


def _too_large(name: str, limit: int, size: int) -> ImageTooLarge:
    return ImageTooLarge(
        f"The OFD file unpacks to more than {limit} {name}; send the invoice as PDF.",
        details={"limit": limit, "size": size, "name": name},
    )

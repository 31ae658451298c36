"""Parses XML from outside: no DTD, so no entities; bounded depth and number of elements."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from gateway.errors import InvalidImage

MAX_ELEMENTS = 200_000
MAX_DEPTH = 64
HEAD_BYTES = 200
ENCODING = re.compile(rb"encoding\s{0,3}=\s{0,3}[\"']([A-Za-z0-9_-]{1,20})")
CHINESE = frozenset((b"gb2312", b"gbk", b"gb18030"))  # expat knows none of them
KNOWN = frozenset((b"", b"utf-8", b"utf-16", b"us-ascii", b"iso-8859-1"))  # to expat


@dataclass(slots=True)
class Element:
    """`name` without its namespace. `text`: its own, without that of its children."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def walk(self) -> Iterator["Element"]:
        """This element and all below it, in the order of the file."""
        yield self
        for child in self.children:
            yield from child.walk()

    def all(self, name: str) -> Iterator["Element"]:
        return (element for element in self.walk() if element.name == name)

    def first(self, name: str) -> "Element | None":
        return next(self.all(name), None)


def parse(data: bytes) -> Element:
    """The root. Raises InvalidImage."""
    parser = expat.ParserCreate(_encoding(data), namespace_separator="}")
    parser.buffer_text = True
    tree = _Tree()
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = tree.start
    parser.EndElementHandler = tree.end
    parser.CharacterDataHandler = tree.add_text
    try:
        parser.Parse(_as_utf8(data), True)
    except expat.ExpatError:
        raise damaged("XML file") from None
    if tree.root is None:
        raise damaged("XML file")
    return tree.root


class _Tree:
    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[Element] = []
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MAX_ELEMENTS or len(self._open) >= MAX_DEPTH:
            raise InvalidImage(
                f"The XML has more than {MAX_ELEMENTS} elements, or more than {MAX_DEPTH} inside "
                "each other.",
                details={"limit": MAX_ELEMENTS, "depth": MAX_DEPTH, "name": "elements"},
            )
        element = Element(_local(name), {_local(key): value for key, value in attributes.items()})
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def end(self, _: str) -> None:
        self._open.pop()

    def add_text(self, text: str) -> None:
        self._open[-1].text += text


def _local(name: str) -> str:
    return name.rpartition("}")[2].rpartition(":")[2]


def _refuse(*_: object) -> None:
    raise InvalidImage(
        "The XML declares a document type, which is not read. Send the invoice as it was issued.",
        details={"name": "doctype"},
    )


def _declared(data: bytes) -> bytes:
    found = ENCODING.search(data[:HEAD_BYTES])
    return found[1].lower() if found else b""


def _encoding(data: bytes) -> str | None:
    """The encoding that expat is told; None: the one that the file declares."""
    return "utf-8" if _declared(data) in CHINESE else None


def _as_utf8(data: bytes) -> bytes:
    """Raises InvalidImage."""
    declared = _declared(data)
    if declared not in CHINESE:
        if declared not in KNOWN:
            raise damaged("XML file")
        return data
    try:
        return data.decode("gb18030").encode()
    except UnicodeDecodeError:
        raise damaged("XML file") from None


def damaged(name: str) -> InvalidImage:
    """`name`: of the kind of file."""
    return InvalidImage(
        f"The {name} is damaged; save it again, or send the invoice as PDF.",
        details={"name": "damaged"},
    )

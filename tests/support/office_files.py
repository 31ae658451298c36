"""Small PDF files, made byte by byte: text in a standard font or in a Chinese one that is not
embedded, ruled tables, and pages that are pictures."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image


@dataclass(frozen=True, slots=True)
class Text:
    """`x`, `y`: in points from the lower left corner."""

    x: float
    y: float
    text: str
    size: float = 11

    def drawn(self) -> str:
        encoded = self.text.encode("utf-16-be").hex()
        return f"BT /F0 {self.size} Tf {self.x} {self.y} Td <{encoded}> Tj ET"


def lines(texts: Sequence[str], top: float = 760, size: float = 11) -> list[Text]:
    """One below the other."""
    return [Text(72, top - 18 * number, text, size) for number, text in enumerate(texts)]


def table(rows: Sequence[Sequence[str]], top: float, width: float = 200) -> list["Text | str"]:
    """A table with borders, at the left margin."""
    height = 24
    right, bottom = 72 + width * len(rows[0]), top - height * len(rows)
    rules = [
        f"72 {top - height * at} m {right} {top - height * at} l S" for at in range(len(rows) + 1)
    ]
    rules += [
        f"{72 + width * at} {top} m {72 + width * at} {bottom} l S"
        for at in range(len(rows[0]) + 1)
    ]
    texts = [
        Text(78 + width * column, top - height * (row + 1) + 8, cell)
        for row, cells in enumerate(rows)
        for column, cell in enumerate(cells)
    ]
    return [*rules, *texts]


def pdf(pages: Sequence[Sequence[Text | str]]) -> bytes:
    """Each page is a list of texts and of drawing operators."""
    objects = [
        "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H"
        " /DescendantFonts [2 0 R] >>",
        "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /DW 1000"
        " /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >>"
        " /FontDescriptor 3 0 R >>",
        "<< /Type /FontDescriptor /FontName /STSong-Light /Flags 4 /FontBBox [0 -200 1000 900]"
        " /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 700 /StemV 80 >>",
    ]
    first = len(objects) + 3  # behind the catalogue and the tree of pages
    kids = " ".join(f"{first + 2 * number} 0 R" for number in range(len(pages)))
    objects += [
        f"<< /Type /Catalog /Pages {len(objects) + 2} 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
    ]
    for number, page in enumerate(pages):
        content = "\n".join(one if isinstance(one, str) else one.drawn() for one in page)
        objects += [
            "<< /Type /Page /Parent 5 0 R /MediaBox [0 0 595 842]"
            f" /Resources << /Font << /F0 1 0 R >> >> /Contents {first + 2 * number + 1} 0 R >>",
            f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
        ]
    out = io.BytesIO()
    out.write(b"%PDF-1.7\n")
    starts = []
    for number, body in enumerate(objects, start=1):
        starts.append(out.tell())
        out.write(f"{number} 0 obj\n{body}\nendobj\n".encode())
    where = out.tell()
    out.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode())
    out.write("".join(f"{start:010} 00000 n \n" for start in starts).encode())
    out.write(f"trailer << /Size {len(objects) + 1} /Root 4 0 R >>\n".encode())
    out.write(f"startxref\n{where}\n%%EOF\n".encode())
    return out.getvalue()


def scanned_pdf(pages: int = 1) -> bytes:
    """Pages that are pictures without any text."""
    out = io.BytesIO()
    pictures = [Image.new("RGB", (600, 800), (250, 250, 240)) for _ in range(pages)]
    pictures[0].save(out, "PDF", save_all=True, append_images=pictures[1:])
    return out.getvalue()

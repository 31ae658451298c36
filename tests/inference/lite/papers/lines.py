"""Papers as lists of lines, as the OCR hands them over, without a picture."""

from inference.lite.reading import Code, Field, Line

ROW, WIDTH, HEIGHT = 40, 20, 28  # pixels: between rows, of a character, of a line


def paper(*rows: str) -> list[Line]:
    """A line for each cell; ` | ` stands between the cells of a row, each 400 pixels wide."""
    return [
        Line(cell.strip(), (400 * column, ROW * row, WIDTH * len(cell.strip()), HEIGHT), 0.99)
        for row, text in enumerate(rows)
        for column, cell in enumerate(text.split(" | "))
        if cell.strip()
    ]


def barcode(text: str, kind: str = "Code 128") -> Code:
    return Code(kind, text, (10, 10, 200, 60))


def first(fields: list[Field], name: str) -> Field | None:
    return next((field for field in fields if field.name == name), None)


def values(fields: list[Field], name: str) -> list[str]:
    return [field.value for field in fields if field.name == name]

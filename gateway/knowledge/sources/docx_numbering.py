"""The numbers that Word draws before paragraphs (ECMA-376, part 1, 17.9): the file holds only what
list and level a paragraph belongs to."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from docx.document import Document as WordFile
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph

LEVELS = 9
MAX_STYLES = 10
DIGITS = "〇一二三四五六七八九"
ROMAN = ((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))


@dataclass(frozen=True, slots=True)
class Level:
    start: int
    form: str  # numFmt
    text: str  # "%1.%2", "第%1条"


class Numbering:
    """Counts the paragraphs of each list, in the order in which `prefix` is asked."""

    def __init__(self, file: WordFile) -> None:
        self._levels: dict[str, dict[int, Level]] = {}  # of each list, by numId
        self._abstract: dict[str, str] = {}  # lists of one kind count together
        self._counts: dict[str, list[int | None]] = {}
        try:
            root = file.part.numbering_part.element
        except (KeyError, NotImplementedError):  # the file has no lists
            return
        kinds = {
            kind.get(qn("w:abstractNumId")): {
                int(level.get(qn("w:ilvl"), "0")): _level(level)
                for level in kind.findall(qn("w:lvl"))
            }
            for kind in root.findall(qn("w:abstractNum"))
        }
        for number in root.findall(qn("w:num")):
            kind = number.find(qn("w:abstractNumId"))
            if kind is None:
                continue
            name, of = number.get(qn("w:numId")), kind.get(qn("w:val"))
            self._levels[name] = kinds.get(of, {})
            is_own = number.find(qn("w:lvlOverride")) is not None
            self._abstract[name] = f"own {name}" if is_own else of

    def prefix(self, paragraph: Paragraph) -> str:
        """ "3.2 ", "第三条 ", "- " of a bullet; "" without a number."""
        name, at = _list_of(paragraph)
        level = self._levels.get(name, {}).get(at)
        if level is None or not 0 <= at < LEVELS:
            return ""
        if level.form == "bullet":
            return "- "
        counts = self._counts.setdefault(self._abstract[name], [None] * LEVELS)
        now = counts[at]
        counts[at] = level.start if now is None else now + 1
        counts[at + 1 :] = [None] * (LEVELS - at - 1)
        text = level.text
        for other in range(at + 1):
            of = self._levels[name].get(other)
            value = counts[other]
            if of is not None:
                shown = of.start if value is None else value
                form = "decimal" if "." in level.text and other < at else of.form
                text = text.replace(f"%{other + 1}", FORMS.get(form, str)(shown))
        return f"{text.strip()} " if text.strip() else ""


def _level(element: Any) -> Level:
    def value(name: str, default: str) -> str:
        found = element.find(qn(name))
        return default if found is None else str(found.get(qn("w:val"), default))

    start = value("w:start", "1")
    return Level(
        int(start) if start.isdigit() else 1, value("w:numFmt", "decimal"), value("w:lvlText", "")
    )


def _list_of(paragraph: Paragraph) -> tuple[str, int]:
    """(numId, level) of the paragraph, or of its style; ("", 0) without a list."""
    style = paragraph.style
    properties = [paragraph._p.find(qn("w:pPr"))]
    for _ in range(MAX_STYLES):
        if style is None:
            break
        properties.append(style.element.find(qn("w:pPr")))
        style = style.base_style
    for found in properties:
        numbered = None if found is None else found.find(qn("w:numPr"))
        if numbered is None:
            continue
        name, level = numbered.find(qn("w:numId")), numbered.find(qn("w:ilvl"))
        at = "0" if level is None else level.get(qn("w:val"), "0")
        if name is not None:
            return name.get(qn("w:val"), ""), int(at) if at.isdigit() else 0
    return "", 0


def chinese(number: int) -> str:
    """一 to 九十九; larger numbers digit by digit."""
    if not 0 < number < 100:
        return "".join(DIGITS[int(digit)] for digit in str(number))
    tens, ones = divmod(number, 10)
    return (
        ("" if tens < 2 else DIGITS[tens]) + ("十" if tens else "") + (DIGITS[ones] if ones else "")
    )


def letters(number: int) -> str:
    """a to z, then aa, bb."""
    return chr(97 + (number - 1) % 26) * min(1 + (number - 1) // 26, 4)


def roman(number: int) -> str:
    """i to xxxix and further."""
    made = ""
    for value, sign in ROMAN:
        while number >= value and len(made) < 40:
            made += sign
            number -= value
    return made


FORMS: dict[str, Callable[[int], str]] = {
    **dict.fromkeys(
        (
            *("chineseCounting", "chineseCountingThousand", "japaneseCounting"),
            *("ideographDigital", "taiwaneseCountingThousand", "chineseLegalSimplified"),
        ),
        chinese,
    ),
    "lowerLetter": letters,
    "upperLetter": lambda number: letters(number).upper(),
    "lowerRoman": roman,
    "upperRoman": lambda number: roman(number).upper(),
}

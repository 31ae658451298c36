"""Markdown: headings, tables and lines.

markdown-it-py finds the blocks (CommonMark 0.31) and says which source lines each one takes, so a
clause's lines are the source's own. Inline markup is not parsed: a clause is quoted as written.
"""

import re
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from gateway.knowledge.sources.comments import without_comments
from gateway.knowledge.sources.document import Document, Heading, Line
from gateway.knowledge.sources.front_matter import split_front
from gateway.knowledge.sources.tables import MAX_COLUMNS, add_table

# A longer line is text, even where it looks like a heading or a table's row.
MAX_MARKED_CHARS = 2000
MIN_UNDERLINE = 3  # CommonMark takes one `-`, which here is more likely an empty list item
# `inline` is the only step that is not linear in the text. Link definitions and HTML are text
# here. Nesting is bounded by the preset: deeper than 20 levels nothing is a heading.
BLOCKS = MarkdownIt("commonmark").disable(["inline", "reference", "html_block"])
RULE = re.compile(r"^[ |:-]{3,}$")
CELL_END = re.compile(r"(?<!\\)\|")


def read_markdown(text: str, document: Document) -> None:
    lines = without_comments(text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
    front, document.front, problems = split_front(lines)
    document.problems += problems
    lines[:front] = [""] * front  # the lines keep their numbers
    blocks = BLOCKS.parse("\n".join(lines))
    headings, literal = _headings(blocks, lines), _fenced(blocks)
    number = front
    while number < len(lines):
        if not lines[number] and number and not lines[number - 1] and number not in literal:
            number += 1
            continue
        line, place = lines[number], f"line {number + 1}"
        size = 1
        if number in headings:
            level, heading, size = headings[number]
            document.add(Heading(level, heading, place))
        elif number not in literal and _begins_table(lines, number):
            size = _table(lines, number, document)
        else:
            is_literal = number in literal or len(line) > MAX_MARKED_CHARS
            document.add(Line(line if line.strip() else "", place, is_literal))
        number += size


def _begins_table(lines: list[str], number: int) -> bool:
    """A row of names and the line of dashes under it."""
    head, rule = lines[number], lines[number + 1] if number + 1 < len(lines) else ""
    return (
        "|" in head
        and len(head) <= MAX_MARKED_CHARS
        and len(rule) <= MAX_MARKED_CHARS
        and "-" in rule
        and "|" in rule
        and bool(RULE.match(rule.strip()))
    )


def _table(lines: list[str], first: int, document: Document) -> int:
    """Number of lines that the table takes."""
    end = first + 2
    while end < len(lines) and "|" in lines[end] and lines[end].strip():
        end += 1
    numbers = [first, *range(first + 2, end)]
    add_table(
        document,
        [_cells(lines[number]) for number in numbers],
        [f"line {number + 1}" for number in numbers],
        [lines[number] for number in (first, first + 1, *numbers[1:])],
    )
    return end - first


def _cells(line: str) -> list[str]:
    inner = line.strip().removeprefix("|").removesuffix("|")
    return [cell.replace("\\|", "|").strip() for cell in CELL_END.split(inner, MAX_COLUMNS)]


def _headings(blocks: list[Token], lines: list[str]) -> dict[int, tuple[int, str, int]]:
    """First line of each heading → (level, text, number of lines).

    A heading in a list counts where its line begins with `#`. Of a paragraph that `===` or `---`
    underlines, its last line is the heading and the lines before stay text.
    """
    found = {}
    for opening, inline in pairwise(blocks):
        if opening.type != "heading_open" or opening.map is None:
            continue
        first, end = opening.map
        level = int(opening.tag[1:])
        if opening.markup.startswith("#"):
            if lines[first].lstrip().startswith("#") and len(lines[first]) <= MAX_MARKED_CHARS:
                found[first] = (level, inline.content, 1)
        elif opening.level == 0 and len(lines[end - 1].strip()) >= MIN_UNDERLINE:
            found[end - 2] = (level, lines[end - 2].strip(), 2)
    return found


def _fenced(blocks: list[Token]) -> set[int]:
    """The lines of fenced code: numbers there begin no clause."""
    return {line for block in blocks if block.type == "fence" for line in range(*block.map or ())}

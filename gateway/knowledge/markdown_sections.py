"""A Markdown document as sections: each heading or numbered paragraph with the lines below it.

markdown-it-py finds the blocks (CommonMark 0.31) and says which source lines each one takes, so a
section's lines are the source's own. Inline markup is not parsed: a clause is quoted as written.
"""

from dataclasses import dataclass
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from gateway.knowledge.clause_numbers import starts_clause

# A longer line is text, even where it looks like a heading or a clause number.
MAX_MARKED_CHARS = 2000
MAX_FRONT_LINES = 100
MIN_UNDERLINE = 3  # CommonMark takes one `-`, which here is more likely an empty list item
PARAGRAPH = 9  # the level of a section that a numbered paragraph begins
# `inline` is the only step that is not linear in the text. Link definitions and HTML are text
# here. Nesting is bounded by the preset: deeper than 20 levels nothing is a heading.
BLOCKS = MarkdownIt("commonmark").disable(["inline", "reference", "html_block"])


@dataclass(slots=True)
class Section:
    """`level` is a heading's 1 to 6, PARAGRAPH, or 0 for the text before the first heading."""

    level: int
    heading: str
    lines: list[str]


def read_document(markdown: str) -> tuple[str, list[Section]]:
    """(`title` of the front matter or "", the sections in order)."""
    text = markdown.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = _without_comments(text).split("\n")
    front = _front_matter(lines)
    title = _front_title(lines[1 : front - 1]) if front else ""
    return title, _sections(lines[front:])


def _without_comments(text: str) -> str:
    kept, position = [], 0
    while (start := text.find("<!--", position)) >= 0:
        end = text.find("-->", start + 4)
        if end < 0:
            break
        kept.append(text[position:start])
        position = end + 3
    return "".join([*kept, text[position:]])


def _front_matter(lines: list[str]) -> int:
    """Number of lines that the front matter takes, both `---` included; 0 without one."""
    if lines[0].rstrip() == "---":
        for number, line in enumerate(lines[1:MAX_FRONT_LINES], start=2):
            if line.rstrip() == "---":
                return number
    return 0


def _front_title(lines: list[str]) -> str:
    declared = (line[len("title:") :] for line in lines if line.startswith("title:"))
    return next(declared, "")[:MAX_MARKED_CHARS].strip().strip("\"'").strip()


def _sections(lines: list[str]) -> list[Section]:
    """The document cut at headings and at numbered paragraphs."""
    blocks = BLOCKS.parse("\n".join(lines))
    headings, literal = _headings(blocks, lines), _fenced(blocks)
    sections = [Section(0, "", [])]
    number = 0
    while number < len(lines):
        line = lines[number]
        size = 1
        if number in headings:
            level, heading, size = headings[number]
            sections.append(Section(level, heading, []))
        elif number not in literal and len(line) <= MAX_MARKED_CHARS and starts_clause(line):
            sections.append(Section(PARAGRAPH, "", [_without_bullet(line.strip())]))
        else:
            sections[-1].lines.append(line)
        number += size
    return sections


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


def _without_bullet(text: str) -> str:
    return text.lstrip("-*+ ") if text[:2] in ("- ", "+ ") else text

"""Clauses from Markdown: a numbered heading or paragraph, with its text up to the next one (docs/knowledge.md)."""

import re
import unicodedata
from dataclasses import dataclass, replace
from pathlib import PurePath

CJK = re.compile(r"[\u2e80-\u9fff]")
HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(\S.*)?$")
SETEXT = re.compile(r"^ {0,3}(=+|-{3,})\s*$")
FENCE = re.compile(r"^ {0,3}(```|~~~)")
# A longer line is text, whatever it looks like.
MAX_MARKED_CHARS = 2000
# What a clause number is looked for in: the start of a heading or paragraph.
MAX_NUMBER_CHARS = 80
MAX_FRONT_LINES = 100
CHINESE_NUMBER = "[〇零一二三四五六七八九十百千两]+"
DOTTED = r"[0-9]+(?:[..][0-9]+)*"
# 3.2 · 3.2. · 3) · §4 · 第三条 · 第 3.2 条 · Article 5 · Clause 5.1 · 一、
NUMBER = re.compile(
    rf"^(?:\*\*|__)?\s*(?:"
    rf"第\s*(?P<ordinal>{CHINESE_NUMBER}|{DOTTED})\s*(?P<unit>[条章节款项])"
    rf"|(?:§|article|clause|section|rule)\s*(?P<named>{DOTTED})"
    rf"|(?P<list>{CHINESE_NUMBER})、"
    rf"|(?P<letters>[A-Z]{{1,4}}-?{DOTTED})(?=[\s::.、)])"
    rf"|(?P<dotted>{DOTTED})(?=[\s.、)):*]|(?![0-9A-Za-z%])\D|$)"
    rf")[.、)):]?",
    re.IGNORECASE,
)
# A paragraph starts a clause only with a number that cannot be an ordinary list's or a sentence's.
PARAGRAPH_NUMBER = re.compile(
    rf"^(?:[-*+]\s+)?(?:\*\*|__)?(?:第\s*(?:{CHINESE_NUMBER}|{DOTTED})\s*条|[0-9]+(?:[..][0-9]+)+(?=[\s、::)\*]|[^0-9A-Za-z%.,元天日小]))"
)
MAX_CLAUSE_CHARS = 1500
PARAGRAPH = 9  # the level of a section that a numbered paragraph begins


@dataclass(frozen=True, slots=True)
class Clause:
    id: str
    title: str  # the document's, and the clause's own where it has one: "售后服务政策 · 退货流程"
    clause: (
        str  # its number as people cite it: "3.2", "第七条", or "" where the text is not numbered
    )
    text: str
    locale: str  # zh or en
    source: str

    def row(self) -> tuple[str, ...]:
        return (self.id, self.title, self.clause, self.text, self.locale, self.source)


def parse(markdown: str, path: str) -> list[Clause]:
    """The clauses of one document, in order. `path` is relative to the knowledge folder, for ids."""
    text = _without_comments(
        markdown.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    )
    lines = text.split("\n")
    front = _front_matter(lines)
    declared = _front_title(lines[1 : front - 1]) if front else ""
    sections = _sections(lines[front:])
    document = declared or next(
        (section.heading for section in sections if section.level == 1), PurePath(path).stem
    )
    clauses: list[Clause] = []
    for section in sections:
        clauses += _clauses_of(section, document, path)
    return _unique(clauses)


@dataclass(slots=True)
class Section:
    level: int
    heading: str
    lines: list[str]


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
    """Lines that the front matter takes, its two marks included; 0 where there is none."""
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
    sections = [Section(0, "", [])]
    fenced = False
    for index, line in enumerate(lines):
        if not line.strip() or len(line) > MAX_MARKED_CHARS:
            sections[-1].lines.append(line)
            continue
        fenced ^= bool(FENCE.match(line))
        heading = None if fenced else HEADING.match(line)
        if heading:
            sections.append(Section(len(heading[1]), _heading_text(heading[2] or ""), []))
        elif (
            not fenced
            and SETEXT.match(line)
            and index
            and lines[index - 1].strip()
            and sections[-1].lines
        ):
            title = sections[-1].lines.pop()
            if sections[-1].level == PARAGRAPH and not sections[-1].lines:
                sections.pop()  # what looked like a numbered paragraph is this heading
            sections.append(Section(1 if "=" in line else 2, title.strip(), []))
        elif not fenced and PARAGRAPH_NUMBER.match(line.strip()[:MAX_NUMBER_CHARS]):
            text = line.strip()
            sections.append(
                Section(PARAGRAPH, "", [text.lstrip("-*+ ") if text[:2] in ("- ", "+ ") else text])
            )
        else:
            sections[-1].lines.append(line)
    return sections


def _heading_text(text: str) -> str:
    """CommonMark, 4.2: a closing run of # is no part of it."""
    text = text.rstrip()
    opened = text.rstrip("#")
    return opened.rstrip() if not opened or opened[-1].isspace() else text


def _clauses_of(section: Section, document: str, path: str) -> list[Clause]:
    number, name = split_number(section.heading)
    lines = section.lines
    if section.level == PARAGRAPH:
        number, first = split_number(lines[0])
        lines = [first, *lines[1:]]
    text = "\n".join(lines).strip()
    if not text:
        return []
    title = (
        document if not name or name == document or section.level == 1 else f"{document} · {name}"
    )
    locale = "zh" if CJK.search(text + title) else "en"
    stem = str(PurePath(path).with_suffix(""))
    return [
        Clause(f"{stem}#{number or name or 'text'}", title, number, window, locale, path)
        for window in _windows(text)
    ]


def split_number(heading: str) -> tuple[str, str]:
    """("3.2", "退货流程") of "3.2 退货流程"; ("", heading) where there is no number.

    The number is normalised, the rest is as written.
    """
    heading = heading.strip()
    start, origins = _normalised(heading[:MAX_NUMBER_CHARS])
    match = NUMBER.match(start)
    # A number that ends inside a character is a part of one, such as the 1 of ½.
    if not match or origins[match.end()] == origins[match.end() - 1]:
        return "", heading.strip("*_ ")
    rest = heading[origins[match.end()] :].strip().strip("*_ ").lstrip(":： ").strip()
    if match.group("ordinal"):
        ordinal = match.group("ordinal")
        return (ordinal if ordinal[0].isdigit() else f"第{ordinal}{match.group('unit')}"), rest
    return next(found for found in match.group("named", "list", "letters", "dotted") if found), rest


def _normalised(text: str) -> tuple[str, list[int]]:
    """(`text` in NFKC by character, the index in `text` of each of its characters and of its end)."""
    made, origins = "", []
    for number, character in enumerate(text):
        normal = unicodedata.normalize("NFKC", character)
        made += normal
        origins += [number] * len(normal)
    return made, [*origins, len(text)]


def _windows(text: str) -> list[str]:
    """Long text in pieces of at most MAX_CLAUSE_CHARS, cut between paragraphs where that is possible."""
    windows, current = [], ""
    for paragraph in re.split(r"(?<=\n)\n+", text):
        if current and len(current) + len(paragraph) > MAX_CLAUSE_CHARS:
            windows.append(current.strip())
            current = ""
        current += paragraph + "\n"
        start = 0
        while len(current) - start > 2 * MAX_CLAUSE_CHARS:
            windows.append(current[start : start + MAX_CLAUSE_CHARS])
            start += MAX_CLAUSE_CHARS
        current = current[start:]
    return [window for window in [*windows, current.strip()] if window]


def _unique(clauses: list[Clause]) -> list[Clause]:
    seen: dict[str, int] = {}
    made = []
    for clause in clauses:
        seen[clause.id] = count = seen.get(clause.id, 0) + 1
        made.append(clause if count == 1 else replace(clause, id=f"{clause.id}~{count}"))
    return made

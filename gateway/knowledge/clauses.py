"""Clauses from Markdown: a numbered heading or paragraph, with its text up to the next one (docs/knowledge.md)."""

import re
import unicodedata
from dataclasses import dataclass, replace
from pathlib import PurePath

CJK = re.compile(r"[\u2e80-\u9fff]")
HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
SETEXT = re.compile(r"^ {0,3}(=+|-{3,})\s*$")
FENCE = re.compile(r"^ {0,3}(```|~~~)")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
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
    rf")[.、)):]?\s*(?:\*\*|__)?\s*(?P<rest>.*)$",
    re.IGNORECASE,
)
# A paragraph starts a clause only with a number that cannot be an ordinary list's or a sentence's.
PARAGRAPH_NUMBER = re.compile(
    rf"^(?:[-*+]\s+)?(?:\*\*|__)?(?:第\s*(?:{CHINESE_NUMBER}|{DOTTED})\s*条|[0-9]+(?:[..][0-9]+)+(?=[\s、::)\*]|[^0-9A-Za-z%.,元天日小]))"
)
MAX_CLAUSE_CHARS = 1500
FRONT_MATTER = re.compile(r"\A---\s*\n(.*?)\n---\s*\n", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Clause:
    id: str
    title: str  # the document's, and the clause's own where it has one: "售后服务政策 · 退货流程"
    clause: str  # its number as people cite it: "3.2", "第七条", or "" where the text is not numbered
    text: str
    locale: str  # zh or en
    source: str


def parse(markdown: str, path: str) -> list[Clause]:
    """The clauses of one document, in order. `path` is relative to the knowledge folder, for ids."""
    text = COMMENT.sub("", markdown.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))
    front = FRONT_MATTER.match(text)
    declared = _front_title(front.group(1)) if front else ""
    sections = _sections(text[front.end() :] if front else text)
    document = declared or next((section.heading for section in sections if section.level == 1), PurePath(path).stem)
    clauses: list[Clause] = []
    for section in sections:
        clauses += _clauses_of(section, document, path)
    return _unique(clauses)


@dataclass(slots=True)
class Section:
    level: int
    heading: str
    lines: list[str]


def _front_title(block: str) -> str:
    match = re.search(r"^title:\s*[\"']?(.+?)[\"']?\s*$", block, re.MULTILINE)
    return match.group(1) if match else ""


def _sections(text: str) -> list[Section]:
    """The document cut at headings and at numbered paragraphs."""
    sections = [Section(0, "", [])]
    fenced = False
    lines = text.split("\n")
    for index, line in enumerate(lines):
        fenced ^= bool(FENCE.match(line))
        heading = None if fenced else HEADING.match(line)
        if heading:
            sections.append(Section(len(heading.group(1)), heading.group(2), []))
        elif not fenced and SETEXT.match(line) and index and lines[index - 1].strip() and sections[-1].lines:
            title = sections[-1].lines.pop()
            sections.append(Section(1 if "=" in line else 2, title.strip(), []))
        elif not fenced and PARAGRAPH_NUMBER.match(line.strip()):
            sections.append(
                Section(9, "", [line.strip().lstrip("-*+ ") if line.strip()[:2] in ("- ", "+ ") else line.strip()])
            )
        else:
            sections[-1].lines.append(line)
    return sections


def _clauses_of(section: Section, document: str, path: str) -> list[Clause]:
    number, name = split_number(section.heading)
    lines = section.lines
    if section.level == 9:
        number, first = split_number(lines[0])
        lines = [first, *lines[1:]]
    text = "\n".join(lines).strip()
    if not text:
        return []
    title = document if not name or name == document or section.level == 1 else f"{document} · {name}"
    locale = "zh" if CJK.search(text + title) else "en"
    stem = str(PurePath(path).with_suffix(""))
    return [
        Clause(f"{stem}#{number or name or 'text'}", title, number, window, locale, path) for window in _windows(text)
    ]


def split_number(heading: str) -> tuple[str, str]:
    """("3.2", "退货流程") of "3.2 退货流程"; ("", heading) where there is no number."""
    match = NUMBER.match(unicodedata.normalize("NFKC", heading.strip()))
    if not match:
        return "", heading.strip().strip("*_ ")
    rest = match.group("rest").strip().strip("*_ ").lstrip(":: ").strip()
    if match.group("ordinal"):
        ordinal = match.group("ordinal")
        return (ordinal if ordinal[0].isdigit() else f"第{ordinal}{match.group('unit')}"), rest
    return next(found for found in match.group("named", "list", "letters", "dotted") if found), rest


def _windows(text: str) -> list[str]:
    """Long text in pieces of at most MAX_CLAUSE_CHARS, cut between paragraphs where that is possible."""
    windows, current = [], ""
    for paragraph in re.split(r"(?<=\n)\n+", text):
        if current and len(current) + len(paragraph) > MAX_CLAUSE_CHARS:
            windows.append(current.strip())
            current = ""
        current += paragraph + "\n"
        while len(current) > 2 * MAX_CLAUSE_CHARS:
            windows.append(current[:MAX_CLAUSE_CHARS])
            current = current[MAX_CLAUSE_CHARS:]
    return [window for window in [*windows, current.strip()] if window]


def _unique(clauses: list[Clause]) -> list[Clause]:
    seen: dict[str, int] = {}
    made = []
    for clause in clauses:
        seen[clause.id] = count = seen.get(clause.id, 0) + 1
        made.append(clause if count == 1 else replace(clause, id=f"{clause.id}~{count}"))
    return made

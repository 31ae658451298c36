"""The front matter of a text: `name: value` lines between two lines of `---`.

What is meant for staff is not shown to customers because of a slip: a line about the audience that
cannot be read counts as staff. Every line that is not used is named as a problem.
"""

import re
from dataclasses import dataclass, field

from gateway.knowledge.clauses import STAFF
from gateway.knowledge.sources.document import Front
from gateway.knowledge.sources.front import MAX_VALUE_CHARS, NAMES, declared, plain

MAX_FRONT_LINES = 100
OPENING, ENDINGS = "---", ("---", "...")  # YAML ends a document with either
UNCLOSED_LINES = 10  # of an unclosed front matter, where its audience is looked for
ITEM = re.compile(r"\s{0,20}-\s{1,20}(.*)")
AUDIENCE_NAMES = tuple(name for name, known in NAMES.items() if known == "audience")


@dataclass(slots=True)
class Entry:
    """A `name:` with its value, or with the values of the list below it."""

    name: str
    values: list[str]
    place: str
    has_list: bool  # whether a list may follow
    known: str = field(init=False)

    def __post_init__(self) -> None:
        self.known = NAMES.get(plain(self.name), "")


def split_front(lines: list[str]) -> tuple[int, Front, list[str]]:
    """(number of lines that the front matter takes, what it declares, problems).

    The lines before the first one that is not blank belong to it. 0 lines without a front matter.
    """
    start = next((at for at, line in enumerate(lines[:MAX_FRONT_LINES]) if line.strip()), 0)
    if not lines or lines[start].rstrip() != OPENING:
        return 0, Front(), []
    for end in range(start + 1, min(len(lines), start + MAX_FRONT_LINES)):
        if lines[end].rstrip() in ENDINGS:
            entries, said, problems = _read(lines[start + 1 : end], start + 2)
            front, wrong = declared([*said, *_said(entries, problems)])
            return end + 1, front, [*problems, *wrong]
    return _unclosed(lines[start : start + 1 + UNCLOSED_LINES], start + 1)


def _unclosed(lines: list[str], number: int) -> tuple[int, Front, list[str]]:
    problem = f"line {number}: no line --- ends the front matter that begins here"
    if not any(map(_names_audience, lines)):
        return 0, Front(), [problem]
    return 0, Front(audience=STAFF), [f"{problem}; the file counts as staff"]


def _read(
    lines: list[str], first: int
) -> tuple[list[Entry], list[tuple[str, str, str]], list[str]]:
    """(entries, audiences of lines that cannot be read, problems)."""
    entries: list[Entry] = []
    said: list[tuple[str, str, str]] = []
    problems: list[str] = []
    for number, whole in enumerate(lines, start=first):
        line, place = whole[: 2 * MAX_VALUE_CHARS], f"line {number}"
        last = entries[-1] if entries else None
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if (entry := _entry(line, place)) is not None:
            entries.append(entry)
        elif last and last.known and last.has_list and (item := ITEM.fullmatch(line)):
            last.values.append(_unquoted(item[1]))
        elif _names_audience(line):
            said.append(("audience", line.strip(), place))
        elif last is None or last.known:  # what belongs to an unknown name is named with it
            problems.append(f"{place}: {line.strip()[:40]!r} is no `name: value`; it is left out")
    return entries, said, problems


def _entry(line: str, place: str) -> Entry | None:
    name, colon, value = line.replace("：", ":", 1).partition(":")
    if not colon or name[:1].isspace() or ITEM.fullmatch(line):
        return None
    value = value.strip()
    if value.startswith("[") and value.endswith("]"):
        return Entry(
            _unquoted(name), [_unquoted(one) for one in value[1:-1].split(",")], place, False
        )
    return Entry(_unquoted(name), [_unquoted(value)] if value else [], place, not value)


def _said(entries: list[Entry], problems: list[str]) -> list[tuple[str, str, str]]:
    """The (name, value, place) triples of the entries; adds to `problems`."""
    said: list[tuple[str, str, str]] = []
    seen: set[str] = set()
    for entry in entries:
        if entry.known in seen:
            problems.append(f"{entry.place}: {entry.known} is declared twice")
        if entry.known:
            seen.add(entry.known)
        if entry.known == "audience":
            said += [("audience", value, entry.place) for value in entry.values or [""]]
        elif entry.known:
            said.append((entry.known, ", ".join(entry.values), entry.place))
        elif _names_audience(entry.name):
            said.append(("audience", f"{entry.name}: {', '.join(entry.values)}", entry.place))
        else:
            problems.append(
                f"{entry.place}: {entry.name[:40]!r} is an unknown name; it is left out"
            )
    return said


def _names_audience(text: str) -> bool:
    return any(name in plain(text) for name in AUDIENCE_NAMES)


def _unquoted(text: str) -> str:
    return text.strip().strip("\"'").strip()

"""Reads `evals/*.toml`. The form is the contract's, section 9; docs/evals.md explains each key."""

import dataclasses
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

HALVES = ("tune", "test")
OUTCOMES = ("answered", "clarify", "no_clause", "smalltalk", "handoff")
NOTHING = "none"  # nothing may be cited, asked of a system or proposed

AllOf = tuple[tuple[str, ...], ...]  # each inner tuple names alternatives, one of which must hold


class CaseError(ValueError):
    """A file of cases is wrong. The text names file, case and key."""


@dataclasses.dataclass(frozen=True, slots=True)
class Expect:
    """What an answer must show. A key that is None or empty is not judged."""

    clause: AllOf | None = None  # (): nothing may be cited
    clause_text: AllOf = ()  # what a cited clause says
    text: AllOf = ()
    not_text: tuple[str, ...] = ()
    field: Mapping[str, str] = dataclasses.field(default_factory=dict)
    outcome: tuple[str, ...] = ()
    tool: str = ""
    arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    action: str = ""
    language: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Correction:
    """What the customer says a field is. `image`: the picture of the case, 1 is the first."""

    image: int
    name: str
    value: str


@dataclasses.dataclass(frozen=True, slots=True)
class Turn:
    say: str
    expect: Expect
    images: tuple[str, ...] = ()
    corrections: tuple[Correction, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    file: str
    name: str
    language: str
    turns: tuple[Turn, ...]

    @property
    def kind(self) -> str:
        """What stands before the colon of the name, or the file's name."""
        before, colon, _ = self.name.partition(":")
        return before.strip() if colon else Path(self.file).stem

    @property
    def half(self) -> str:
        """`tune` or `test`, as the file's name begins; `own` for a file of the company's."""
        before = Path(self.file).stem.split("-")[0]
        return before if before in HALVES else "own"

    @property
    def key(self) -> str:
        """Names the case in `accepted.json`."""
        return f"{self.file}/{self.name}"


def load(folder: Path) -> list[Case]:
    """All cases of `folder`/*.toml, by file and in their order.

    Raises CaseError where a file cannot be read, a key is unknown or a name is used twice.
    """
    cases = [case for path in sorted(folder.glob("*.toml")) for case in load_file(path)]
    if not cases:
        raise CaseError(f"{folder}: there is no case; expected *.toml with [[case]]")
    return cases


def load_file(path: Path) -> list[Case]:
    try:
        parsed = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CaseError(f"{path.name}: {error}") from error
    cases: dict[str, Case] = {}
    top = Table(parsed, path.name)
    for number, table in enumerate(top.tables("case"), 1):
        case = read_case(Table(table, f"{path.name}: case {number}"), path.name)
        if case.name in cases:
            raise CaseError(f"{path.name}: case {case.name!r}: the name is used twice")
        cases[case.name] = case
    top.done()
    return list(cases.values())


def read_case(table: "Table", file: str) -> Case:
    name = table.text("name")
    table.place = f"{file}: case {name!r}"
    language = table.text("language")
    turns = [
        read_turn(Table(turn, f"{table.place}: turn {number}"))
        for number, turn in enumerate(table.tables("turns"), 1)
    ]
    if not turns:
        raise table.wrong("turns", "at least one turn")
    table.done()
    return Case(file, name, language, tuple(turns))


def read_turn(table: "Table") -> Turn:
    say = table.text("say", "")
    images = table.texts("images")
    if not say and not images:
        raise table.wrong("say", "a question or a picture")
    corrections = []
    for each in table.tables("corrections", []):
        given = Table(each, f"{table.place}: corrections")
        image = given.take("image", int, 1)
        corrections.append(Correction(image, given.text("name"), given.text("value")))
        given.done()
    expect = read_expect(Table(table.take("expect", dict), f"{table.place}: expect"))
    table.done()
    return Turn(say, expect, images, tuple(corrections))


def read_expect(table: "Table") -> Expect:
    clause = table.all_of("clause")
    outcome = table.texts("outcome")
    for name in outcome:
        if name not in OUTCOMES:
            raise table.wrong("outcome", f"one of {', '.join(OUTCOMES)}, not {name!r}")
    fields = table.take("field", dict, {})
    for name, value in fields.items():
        if not isinstance(value, str):
            raise table.wrong(f"field.{name}", "a string")
    expect = Expect(
        clause=() if clause == ((NOTHING,),) else clause or None,
        clause_text=table.all_of("clause_text"),
        text=table.all_of("text"),
        not_text=table.texts("not_text"),
        field=fields,
        outcome=outcome,
        tool=table.text("tool", ""),
        arguments=table.take("arguments", dict, {}),
        action=table.text("action", ""),
        language=table.text("language", ""),
    )
    table.done()
    return expect


class Table:
    """A table of a TOML file. Takes each key once; `done` refuses what was not taken."""

    def __init__(self, values: dict[str, Any], place: str) -> None:
        self.place = place
        self._left = dict(values)

    def take(self, key: str, kind: type, default: Any = None) -> Any:
        value = self._left.pop(key, default)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise self.wrong(key, NAMES[kind])
        return value

    def text(self, key: str, default: str | None = None) -> str:
        value: str = self.take(key, str, default)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A string, or a list of strings."""
        value = self._left.pop(key, [])
        value = [value] if isinstance(value, str) else value
        if not _is_list_of(value, lambda item: isinstance(item, str)):
            raise self.wrong(key, "a string, or a list of strings")
        return tuple(value)

    def all_of(self, key: str) -> AllOf:
        """A string, or a list of strings and of lists that hold alternatives."""
        value = self._left.pop(key, [])
        value = [value] if isinstance(value, str) else value
        if not _is_list_of(value, lambda item: isinstance(item, str | list)):
            raise self.wrong(key, "a string, or a list of strings and lists")
        groups = [[item] if isinstance(item, str) else item for item in value]
        for group in groups:
            if not group or not _is_list_of(group, lambda item: isinstance(item, str)):
                raise self.wrong(key, "strings in each inner list")
        return tuple(tuple(group) for group in groups)

    def tables(self, key: str, default: list[Any] | None = None) -> list[dict[str, Any]]:
        value: list[dict[str, Any]] = self.take(key, list, default)
        if not _is_list_of(value, lambda item: isinstance(item, dict)):
            raise self.wrong(key, "a list of tables")
        return value

    def wrong(self, key: str, expected: str) -> CaseError:
        return CaseError(f"{self.place}: {key}: expected {expected}")

    def done(self) -> None:
        for key in self._left:
            raise CaseError(f"{self.place}: the key {key!r} is unknown")


NAMES = {str: "a string", int: "a whole number", dict: "a table", list: "a list of tables"}


def _is_list_of(value: Any, fits: Callable[[Any], bool]) -> bool:
    return isinstance(value, list) and all(map(fits, value))

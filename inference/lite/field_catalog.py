"""All rules of fields.yaml and of the company's own file, compiled."""

import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from inference.lite.field_rules import (
    LISTS,
    SECTIONS,
    CarrierRule,
    FieldRule,
    KindRule,
    Pattern,
    Words,
)
from inference.lite.field_text import plain
from inference.lite.patterns import PatternError, re2_of

BUILT_IN = Path(__file__).with_name("fields.yaml")
MAX_FILE = 256 * 1024  # bytes
MAX_ENTRIES = 300  # of one section
NAMED = re.compile(r"[a-z][a-z0-9_]{0,39}")
POINTS = {"sure": 10, "strong": 3, "weak": 1}


@dataclass(frozen=True, slots=True)
class Label:
    """What a label word says: the field it names ("" for other labels) and its rank there."""

    field: str
    rank: int


@dataclass(frozen=True)
class Catalog:
    """The rules. `problems`: what was wrong in the company's file, one sentence each."""

    kinds: dict[str, KindRule]
    fields: dict[str, FieldRule]
    carriers: dict[str, CarrierRule]
    patterns: dict[str, str]
    scans: tuple[str, ...]
    failures: tuple[str, ...]
    stops: tuple[str, ...]
    problems: tuple[str, ...] = ()
    added: frozenset[str] = field(default_factory=frozenset)  # fields of the company's own

    @cached_property
    def labels(self) -> dict[str, Label]:
        """By the word as `plain` writes it, without spaces."""
        made = {key(word): Label("", 0) for word in self.stops}
        for name, rule in self.fields.items():
            for words in (rule.labels.zh, rule.labels.en):
                for rank, word in enumerate(words):
                    if name in self.added or not made.get(key(word), Label("", 0)).field:
                        made[key(word)] = Label(name, rank)
        return made

    @cached_property
    def label_words(self) -> Any:
        """RE2 pattern of every label, the longest first."""
        words = {spaced(word) for word in (*self.stops, *self._label_list)}
        return re2_of("|".join(sorted(words, key=len, reverse=True)))

    @property
    def _label_list(self) -> list[str]:
        return [
            word
            for rule in self.fields.values()
            for words in (rule.labels.zh, rule.labels.en)
            for word in words
        ]

    @cached_property
    def signs(self) -> dict[str, dict[str, int]]:
        """Points for each kind, by sign word."""
        made: dict[str, dict[str, int]] = {}
        for kind, rule in self.kinds.items():
            for level, points in POINTS.items():
                for word in getattr(rule, level):
                    made.setdefault(key(word), {})[kind] = points
        return made

    @cached_property
    def sign_words(self) -> Any:
        words = {
            spaced(word) for rule in self.kinds.values() for word in (*rule.sure, *rule.strong)
        } | {spaced(word) for rule in self.kinds.values() for word in rule.weak}
        return re2_of("|".join(sorted(words, key=len, reverse=True)))

    @cached_property
    def values(self) -> dict[str, Any]:
        """RE2 pattern of each field's value at the start of a text, group 1."""
        return {
            name: re2_of(
                rf"(?i)\A({self.patterns.get(rule.pattern, rule.pattern)})(?:[^A-Za-z0-9]|\z)"
            )
            for name, rule in self.fields.items()
            if rule.pattern is not None
        }

    @cached_property
    def forms(self) -> list[tuple[str, str | None, Any]]:
        """(field, kind of paper or None for all, RE2 pattern) of values that need no label."""
        return [
            (name, None, re2_of(pattern))
            for name, rule in self.fields.items()
            for pattern in rule.forms
        ] + [
            (name, kind, re2_of(pattern))
            for name, rule in self.fields.items()
            for kind, patterns in rule.forms_on.items()
            for pattern in patterns
        ]

    @cached_property
    def carrier_names(self) -> Any:
        words = {spaced(name) for rule in self.carriers.values() for name in rule.names}
        return re2_of("|".join(sorted(words, key=len, reverse=True)))

    @cached_property
    def carrier_of(self) -> dict[str, str]:
        return {key(name): code for code, rule in self.carriers.items() for name in rule.names}

    @cached_property
    def carrier_forms(self) -> list[tuple[str, Any, Any, CarrierRule]]:
        """(carrier, RE2 pattern of its forms, of its bare numbers, rule); whole numbers only."""
        return [
            (code, _any_of(rule.forms), _any_of(rule.bare), rule)
            for code, rule in self.carriers.items()
        ]

    @cached_property
    def scan_words(self) -> Any:
        return re2_of("|".join(map(spaced, self.scans)))

    @cached_property
    def failure_words(self) -> Any:
        return re2_of("|".join(map(spaced, self.failures)))

    def with_problem(self, problem: str) -> "Catalog":
        return Catalog(**{**_parts(self), "problems": (*self.problems, problem)})


def key(word: str) -> str:
    return re.sub(r"\s", "", plain(word))


def spaced(word: str) -> str:
    """RE2 pattern of a word. OCR puts spaces between widely spaced Chinese characters."""
    word = plain(word)
    if word.isascii():
        return r" {0,2}".join(map(re.escape, word.split()))
    return r" {0,8}".join(map(re.escape, word.replace(" ", "")))


def _any_of(patterns: list[str]) -> Any:
    return re2_of(rf"\A(?:{'|'.join(patterns)})\z") if patterns else None


def built_in() -> Catalog:
    """The rules that come with the program. Raises ValueError if they are wrong."""
    catalog = _merged(_EMPTY, BUILT_IN.read_text("utf-8"))
    if catalog.problems:
        raise ValueError("; ".join(catalog.problems))
    return catalog


def extended(catalog: Catalog, text: str) -> Catalog:
    """The catalog with a company's file. What is wrong in it is named in `problems`, not used."""
    made = _merged(catalog, text)
    added = frozenset(made.fields) - frozenset(catalog.fields)
    return Catalog(**{**_parts(made), "added": added})


def _parts(catalog: Catalog) -> dict[str, Any]:
    return {name: getattr(catalog, name) for name in Catalog.__dataclass_fields__}


_EMPTY = Catalog({}, {}, {}, {}, (), (), ())


def _merged(base: Catalog, text: str) -> Catalog:
    try:
        body = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        where = getattr(error, "problem_mark", None)
        place = f"line {where.line + 1}: " if where else ""
        return Catalog(**{**_parts(base), "problems": (f"{place}this is not YAML",)})
    if not isinstance(body, dict):
        problem = () if body is None else ("the file must be a mapping",)
        return Catalog(**{**_parts(base), "problems": problem})
    problems: list[str] = []
    parts = _parts(base)
    parts["patterns"] = dict(base.patterns)
    for name, pattern in _entries(body, "patterns", problems):
        if _valid(Pattern, pattern, f"patterns.{name}", problems) is not None:
            parts["patterns"][name] = pattern
    for section, rule in SECTIONS.items():
        parts[section] = dict(parts[section])
        for name, entry in _entries(body, section, problems):
            place = f"{section}.{name}"
            if section == "fields" and isinstance(entry, dict) and "labels" in entry:
                entry = {**entry, "labels": _by_language(entry["labels"])}
            made = _valid(rule, entry, place, problems)
            fault = _fault(section, name, made, base) if made is not None else None
            if fault:
                problems.append(f"{place}: {fault}")
            elif made is not None:
                before = parts[section].get(name)
                parts[section][name] = made if before is None else _joined(before, made)
    for section in LISTS:
        words = body.get(section, [])
        if section == "stops" and isinstance(words, list):
            words = [w for one in words for w in (one if isinstance(one, list) else [one])]
        if (made := _valid(Words, words, section, problems)) is not None:
            parts[section] = (*parts[section], *made)
    unknown = set(body) - {*SECTIONS, *LISTS, "patterns"}
    problems += [f"{name}: there is no such section" for name in sorted(map(str, unknown))]
    parts["problems"] = tuple(problems)
    return Catalog(**parts)


def _by_language(labels: Any) -> Any:
    """A plain list of labels is taken as it is: words of any language."""
    return {"zh": labels} if isinstance(labels, list) else labels


def _entries(body: dict[Any, Any], section: str, problems: list[str]) -> list[tuple[str, Any]]:
    entries = body.get(section) or {}
    if not isinstance(entries, dict):
        problems.append(f"{section}: must be a mapping of names")
        return []
    if len(entries) > MAX_ENTRIES:
        problems.append(f"{section}: has {len(entries)} entries, at most {MAX_ENTRIES} are used")
    return [(str(name), entry) for name, entry in list(entries.items())[:MAX_ENTRIES]]


def _valid(rule: Any, entry: Any, place: str, problems: list[str]) -> Any:
    try:
        return TypeAdapter(rule).validate_python(entry)
    except PatternError as error:
        problems.append(f"{place}: {error}")
    except ValidationError as error:
        for one in error.errors()[:3]:
            where = ".".join([place, *map(str, one["loc"])])
            problems.append(f"{where}: {one['msg']}")
    return None


def _fault(section: str, name: str, made: Any, base: Catalog) -> str | None:
    if section == "fields" and not NAMED.fullmatch(name):
        return "a field's name has small letters, digits and _ only"
    if section == "kinds" and base.kinds and name not in base.kinds:
        return f"there is no such kind; there are {', '.join(base.kinds)}"
    if section == "fields" and made.labels != type(made.labels)() and name not in base.fields:
        return None if made.pattern or made.read else "labels need a pattern or `read`"
    return None


def _joined(before: Any, more: Any) -> Any:
    """A company's entry of a known name adds its words and patterns; other values replace."""
    values = {}
    for name, said in more:
        own = getattr(before, name)
        if name not in more.model_fields_set:
            values[name] = own
        elif isinstance(said, list):
            values[name] = [*said, *own]
        elif name == "labels":
            values[name] = type(own)(zh=[*said.zh, *own.zh], en=[*said.en, *own.en])
        else:
            values[name] = said
    return type(before).model_construct(**values)

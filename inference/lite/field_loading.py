"""Loads fields.yaml, and a company's own file on top of it."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from inference.lite.field_catalog import Catalog
from inference.lite.field_rules import LISTS, SECTIONS, Pattern, Words
from inference.lite.patterns import PatternError

BUILT_IN = Path(__file__).with_name("fields.yaml")
MAX_FILE = 64 * 1024  # bytes
MAX_ENTRIES = 300  # of one section
NAMED = re.compile(r"[a-z][a-z0-9_]{0,39}")


def built_in() -> Catalog:
    """The rules that come with the program. Raises ValueError if they are wrong."""
    catalog = _merged(_EMPTY, BUILT_IN.read_text("utf-8"))
    if catalog.problems:
        raise ValueError("; ".join(catalog.problems))
    catalog.compile()
    return catalog


def extended(catalog: Catalog, text: str) -> Catalog:
    """The catalog with a company's file. What is wrong in it is named in `problems`, not used."""
    made = _merged(catalog, text)
    added = frozenset(made.fields) - frozenset(catalog.fields)
    made = replace(made, added=added)
    try:
        made.compile()
    except PatternError as error:
        return catalog.with_problem(f"its words and patterns together: {error}")
    return made


_EMPTY = Catalog({}, {}, {}, {}, (), (), ())


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # yaml has no types
    """Takes no aliases: a short file could stand for millions of entries."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not taken")
        return super().compose_node(parent, index)


def _merged(base: Catalog, text: str) -> Catalog:
    try:
        body = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except Exception as error:  # noqa: BLE001 - PyYAML raises KeyError and others for a wrong tag
        where = getattr(error, "problem_mark", None)
        place = f"line {where.line + 1}: " if where else ""
        reason = "" if isinstance(error, yaml.YAMLError) else f" ({type(error).__name__}: {error})"
        return replace(base, problems=(f"{place}this is not YAML{reason[:200]}",))
    if not isinstance(body, dict):
        problem = () if body is None else ("the file must be a mapping",)
        return replace(base, problems=problem)
    problems: list[str] = []
    parts = {name: getattr(base, name) for name in Catalog.__dataclass_fields__}
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

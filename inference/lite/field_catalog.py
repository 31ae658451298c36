"""All rules of fields.yaml and of the company's own file, compiled."""

import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from inference.lite.field_rules import CarrierRule, FieldRule, KindRule
from inference.lite.field_text import plain
from inference.lite.patterns import re2_of

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
    def form_sign(self) -> Any:
        """RE2 pattern that a line matches if one of `forms` does."""
        patterns = [
            pattern
            for rule in self.fields.values()
            for some in (rule.forms, *rule.forms_on.values())
            for pattern in some
        ]
        return re2_of("|".join(f"(?:{pattern})" for pattern in patterns))

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

    def compile(self) -> None:
        """Compiles every pattern now. Raises PatternError."""
        for name, value in vars(Catalog).items():
            if isinstance(value, cached_property):
                getattr(self, name)

    def with_problem(self, problem: str) -> "Catalog":
        """The same rules, with one more problem to tell."""
        return replace(self, problems=(*self.problems, problem))


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

"""Patterns from clients. RE2 runs them in time linear in the text and in bounded memory."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import re2

from inference.lite.budget import Budget

MAX_PATTERN = 500
MAX_MATCHED = 10_000  # characters of one value that is matched against a pattern
MAX_MEMORY = 2 * 1024 * 1024  # bytes of one compiled pattern: `\p{L}{1,100}` takes 1.5 MB
REMEMBERED = 16  # compiled patterns of each form
OPTIONS = re2.Options()
OPTIONS.max_mem = MAX_MEMORY
OPTIONS.log_errors = False
RULE_OPTIONS = re2.Options()
RULE_OPTIONS.max_mem = 8 * 1024 * 1024  # all labels in one pattern
RULE_OPTIONS.log_errors = False
ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|.)", re.DOTALL)


class PatternError(ValueError):
    """RE2 cannot run a pattern. `str()` says why."""


@lru_cache(REMEMBERED)
def compiled(pattern: str) -> Any:
    """The pattern for RE2. Raises PatternError for a wrong, too large or look-around pattern."""
    if len(pattern) > MAX_PATTERN:
        raise PatternError(f"the pattern has {len(pattern)} characters, at most {MAX_PATTERN}")
    try:
        return _compiled(_for_re2(pattern))
    except re2.error as error:
        raise PatternError(f"the pattern cannot be run by RE2: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    said = error.args[0] if error.args else error
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)


def re2_of(pattern: str) -> Any:
    """A trusted or validated rule's pattern, compiled and not remembered. Raises PatternError."""
    try:
        return re2.compile(_for_re2(pattern), RULE_OPTIONS)
    except re2.error as error:
        raise PatternError(f"the pattern cannot be run by RE2: {_reason(error)}") from None


def matches(pattern: str, text: str) -> bool:
    """Whether the pattern matches anywhere in the text; never in one above MAX_MATCHED."""
    return len(text) <= MAX_MATCHED and compiled(pattern).search(text) is not None


def first_match(pattern: str, texts: Iterable[str], budget: Budget) -> str | None:
    """The first match in one of the texts that is not empty.

    `^` and `$` of the pattern match the ends of a value, which is surrounded by other words here.
    """
    inner = pattern.removeprefix("^")
    inner = inner if inner.endswith("\\$") else inner.removesuffix("$")
    try:
        inside = _compiled_inside(inner)
    except PatternError:
        return None
    for text in texts:
        budget.check()
        match = inside.search(text)
        if match and match.group(1):
            return str(match.group(1))
    return None


@lru_cache(REMEMBERED)
def _compiled_inside(inner: str) -> Any:
    compiled(inner)  # "a)|(b" is valid only inside of parentheses, so the pattern is tried alone
    try:
        return _compiled(rf"(?:\A|[^A-Za-z0-9])({_for_re2(inner)})(?:\z|[^A-Za-z0-9])")
    except re2.error:
        raise PatternError("the pattern is too large") from None


def _compiled(pattern: str) -> Any:
    made = re2.compile(pattern, OPTIONS)
    re2.purge()  # its own cache of 128 patterns could hold 500 MB
    return made


def _for_re2(pattern: str) -> str:
    r"""ECMA's \u4e2d in RE2's form."""
    return ESCAPE.sub(lambda match: rf"\x{{{match[1]}}}" if match[1] else match[0], pattern)

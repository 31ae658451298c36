"""Patterns of schemas and JSONPath queries. RE2 runs them in time linear in the text."""

import re
from functools import lru_cache
from typing import Any

import re2

MAX_PATTERN = 500
MAX_MATCHED = 10_000  # characters of one value
OPTIONS = re2.Options()
OPTIONS.max_mem = 2 * 1024 * 1024
OPTIONS.log_errors = False
ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|.)", re.DOTALL)


class PatternError(ValueError):
    """RE2 cannot run a pattern. `str()` says why."""


@lru_cache(128)
def compiled(pattern: str) -> Any:
    """Raises PatternError for a wrong, too large or look-around pattern."""
    if len(pattern) > MAX_PATTERN:
        raise PatternError(f"the pattern has {len(pattern)} characters, at most {MAX_PATTERN}")
    # ECMA's \u4e2d in RE2's form.
    text = ESCAPE.sub(lambda match: rf"\x{{{match[1]}}}" if match[1] else match[0], pattern)
    try:
        return re2.compile(text, OPTIONS)
    except re2.error as error:
        said = error.args[0] if error.args else error
        reason = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        raise PatternError(f"the pattern cannot be run by RE2: {reason}") from None


def matches(pattern: str, text: str, *, whole: bool = False) -> bool:
    """Whether the pattern matches in the text, or all of it; never in one above MAX_MATCHED."""
    if len(text) > MAX_MATCHED:
        return False
    made = compiled(pattern)
    return (made.fullmatch(text) if whole else made.search(text)) is not None

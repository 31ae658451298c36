"""Whether a result of a read says that a change may not be made."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from inference.lite.answering.acting import terms
from inference.lite.field_text import plain

MAY = re.compile(
    r"\ballowed\b|\beligible\b|\bcan\b|\bmay\b|\bpossible\b|\bpermitted\b|\b[a-z]{3,20}able\b|可以|可否|能否|允许|可"
)
NO = re.compile(r"\s?(?:false|no|n|not allowed|否|不|不可以?|不能|不允许|不行)\s?[.。]?\s?")
MAX_NO = 20
VERB = re.compile(r"\b(?:can|may|allowed|eligible|permitted)\b|可以|可否|能否|是否|允许")
# "reissuable", "cancellable": the act by its stem.
STEMS = {"cancel": "cancel", "reissu": "reissue", "chang": "change", "refund": "refund"}
MAX_VALUES = 200


def says_no(values: Mapping[str, Any], acts: frozenset[str]) -> bool:
    """Whether a value named like "allowed" or "can_cancel" is false. One that names another act
    than these does not count."""
    for name, value in list(_flat(values, 2))[:MAX_VALUES]:
        words = terms.spaced(name)
        if not _is_no(value, words) or not MAY.search(words):
            continue
        named = terms.found(terms.ACTS, words) | {
            act for stem, act in STEMS.items() if stem in words
        }
        if not named or not acts or named & acts:
            return True
    return False


def _is_no(value: Any, words: str) -> bool:
    """Whether a value is a "no". A 0 counts only where a verb asks: "available: 0" is a sum."""
    if isinstance(value, str):
        return bool(NO.fullmatch(plain(value[:MAX_NO])))
    return value is False or (value == 0 and value is not None and bool(VERB.search(words)))


def _flat(values: Mapping[str, Any], depth: int) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping) and depth:
            yield from _flat(value, depth - 1)
        else:
            yield str(name), value

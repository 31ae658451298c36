"""Text prepared for the search of labels: one character stays one character."""

import re
import unicodedata
from functools import cache, lru_cache

from opencc import OpenCC


@cache
def _converter() -> OpenCC:
    return OpenCC("t2s")


@lru_cache(8_192)
def _simple(character: str) -> str:
    """A character in Simplified Chinese and lower case; itself where that is not one character."""
    if "\u3400" <= character <= "\u9fff" or "\uf900" <= character <= "\ufaff":
        made = str(_converter().convert(character))
    else:
        made = unicodedata.normalize("NFKC", character).lower()
    return made if len(made) == 1 else character


def plain(text: str) -> str:
    """Lower case, Simplified Chinese (opencc), each character in its place."""
    if text.isascii():
        return text.lower()
    return "".join(map(_simple, text))


def compact(text: str) -> str:
    return re.sub(r"[\s¥¥]", "", text)


def is_chinese(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff"

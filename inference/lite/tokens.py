"""This engine's token: one CJK character, or one word, or one other mark. `stop` and `max_tokens` count in it."""

import re

TOKEN = re.compile(r"\s*(?:[A-Za-z0-9]+(?:[_.:-][A-Za-z0-9]+)*|[^\sA-Za-z0-9])|\s+")
PICTURE_TOKENS = 256  # what a picture counts in `usage`, whatever stands on it


def split(text: str) -> list[str]:
    """Pieces that add up to `text`."""
    return TOKEN.findall(text)


def count(text: str) -> int:
    return len(TOKEN.findall(text))

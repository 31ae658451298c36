"""This engine's tokens: a CJK character, a word or another mark each. `max_tokens` counts them."""

import re

TOKEN = re.compile(r"\s*(?:[A-Za-z0-9]+(?:[_.:-][A-Za-z0-9]+)*|[^\sA-Za-z0-9])|\s+")
PICTURE_TOKENS = 256  # what a picture counts in `usage`, whatever it shows


def split(text: str) -> list[str]:
    """The tokens, white space included: joined they are `text`."""
    return TOKEN.findall(text)


def count(text: str) -> int:
    return len(TOKEN.findall(text))

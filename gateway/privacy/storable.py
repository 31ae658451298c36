"""Strings as every database stores them: without NUL (PostgreSQL) and lone surrogates (UTF-8)."""

import re

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """`text` with U+FFFD in place of each character that cannot be stored."""
    return UNSTORABLE.sub("\ufffd", text)

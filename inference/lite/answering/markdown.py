"""Text from outside in Markdown."""

import re

SPECIAL = re.compile(r"([\\`*<>\[\]|~])")
BLANK = re.compile(r"\s")


def plain(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return SPECIAL.sub(r"\\\1", BLANK.sub(" ", text))


def bold(text: str) -> str:
    return f"**{plain(text)}**"


def quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())

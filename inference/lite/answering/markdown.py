"""Text from outside in Markdown."""

import re

SPECIAL = re.compile(r"([\\`*<>\[\]|~])")
# 139****2207: as code, so that it is written as the paper has it.
MASKED = re.compile(r"((?<![\d*])\d{2,10}\*{2,12}\d{0,6}(?![\d*]))")
BLANK = re.compile(r"\s")


def plain(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    parts = MASKED.split(BLANK.sub(" ", text))
    parts[::2] = [SPECIAL.sub(r"\\\1", part) for part in parts[::2]]
    parts[1::2] = [f"`{part}`" for part in parts[1::2]]
    return "".join(parts)


def bold(text: str) -> str:
    return f"**{plain(text)}**"


def quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())

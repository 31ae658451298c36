"""An answer as plain text that a person may send: without Markdown marks."""

import re

FENCE = re.compile(r"^[ \t]{0,3}(?:```|~~~).*$\n?", re.MULTILINE)
START_OF_LINE = re.compile(r"^[ \t]{0,3}(?:#{1,6}[ \t]+|>[ \t]?)+", re.MULTILINE)
BULLET = re.compile(r"^([ \t]*)[*+-][ \t]+", re.MULTILINE)
LINK = re.compile(r"!?\[([^\]\n]{1,500})\]\(([^)\s]{1,2000})\)")
MARKS = re.compile(r"(\*\*\*|\*\*|__|~~|`)(?=\S)(.{1,2000}?)(?<=\S)\1")
EMPHASIS = re.compile(r"(?<![\w*])\*(?=\S)([^*\n]{1,500})(?<=\S)\*(?![\w*])")
MANY_LINES = re.compile(r"\n{3,}")


def plain_text(markdown: str) -> str:
    """Bullets become dots; of a link the text stays, and its address behind it."""
    text = FENCE.sub("", markdown)
    text = START_OF_LINE.sub("", text)
    text = BULLET.sub(r"\1· ", text)
    text = LINK.sub(_linked, text)
    for _ in range(2):  # a mark may stand within another one
        text = MARKS.sub(r"\2", text)
    text = EMPHASIS.sub(r"\1", text)
    return MANY_LINES.sub("\n\n", text).strip()


def _linked(found: re.Match[str]) -> str:
    words, address = found.groups()
    return words if words == address else f"{words} ({address})"

"""An answer as plain text that a person may send: without Markdown marks.

Every expression takes time in proportion to the text: a customer may have a say in an answer.
"""

import re

FENCE = re.compile(r"^[ \t]{0,3}(?:```|~~~).*$\n?", re.MULTILINE)
START_OF_LINE = re.compile(r"^[ \t]{0,3}(?:#{1,6}[ \t]+|>[ \t]?)+", re.MULTILINE)
BULLET = re.compile(r"^([ \t]*)[*+-][ \t]+", re.MULTILINE)
LINK = re.compile(r"!?\[([^\[\]\n]{1,500})\]\(([^)\[\s]{1,2000})\)")
MARK = re.compile(r"\n|\*\*|__|~~|`")
EMPHASIS = re.compile(r"(?<![\w*])\*(?=\S)([^*\n]{1,500})(?<=\S)\*(?![\w*])")
MANY_LINES = re.compile(r"\n{3,}")


def plain_text(markdown: str) -> str:
    """Bullets become dots; of a link the text stays, and its address behind it."""
    text = FENCE.sub("", markdown)
    text = START_OF_LINE.sub("", text)
    text = BULLET.sub(r"\1· ", text)
    text = LINK.sub(_linked, text)
    text = EMPHASIS.sub(r"\1", _without_pairs(text))
    return MANY_LINES.sub("\n\n", text).strip()


def _linked(found: re.Match[str]) -> str:
    words, address = found.groups()
    return words if words == address else f"{words} ({address})"


def _without_pairs(text: str) -> str:
    """Without the marks that begin before a word and end behind one, on the same line."""
    begun: dict[str, re.Match[str]] = {}
    gone: list[re.Match[str]] = []
    for mark in MARK.finditer(text):
        kind, first = mark[0], begun.get(mark[0])
        if kind == "\n":
            begun.clear()
        elif first is None:
            if not text[mark.end() : mark.end() + 1].isspace():
                begun[kind] = mark
        elif first.end() < mark.start() and not text[mark.start() - 1].isspace():
            gone += (begun.pop(kind), mark)
    kept, end = [], 0
    for mark in sorted(gone, key=lambda one: one.start()):
        kept.append(text[end : mark.start()])
        end = mark.end()
    return "".join(kept) + text[end:]

"""Clause numbers as people write them: 3.2 · 3) · §4 · 第三条 · 第 3.2 条 · Article 5 · 一、"""

import re
import unicodedata

# A number is looked for in the first characters of a heading or paragraph only.
MAX_NUMBER_CHARS = 80
CHINESE_NUMBER = "[〇零一二三四五六七八九十百千两]+"
DOTTED = r"[0-9]+(?:[..][0-9]+)*"
NUMBER = re.compile(
    rf"^(?:\*\*|__)?\s*(?:"
    rf"第\s*(?P<ordinal>{CHINESE_NUMBER}|{DOTTED})\s*(?P<unit>[条章节款项])"
    rf"|(?:§|article|clause|section|rule)\s*(?P<named>{DOTTED})"
    rf"|(?P<list>{CHINESE_NUMBER})、"
    rf"|(?P<letters>[A-Z]{{1,4}}-?{DOTTED})(?=[\s::.、)])"
    rf"|(?P<dotted>{DOTTED})(?=[\s.、)):*]|(?![0-9A-Za-z%])\D|$)"
    rf")[.、)):]?",
    re.IGNORECASE,
)
# Stricter than NUMBER: an ordinary list's number, or a sentence's, starts no clause.
PARAGRAPH_NUMBER = re.compile(
    rf"^(?:[-*+]\s+)?(?:\*\*|__)?(?:"
    rf"第\s*(?:{CHINESE_NUMBER}|{DOTTED})\s*条"
    rf"|[0-9]+(?:[..][0-9]+)+(?=[\s、::)\*]|[^0-9A-Za-z%.,元天日小])"
    rf")"
)


def split_number(heading: str) -> tuple[str, str]:
    """(number, rest): ("3.2", "退货流程") of "3.2 退货流程", ("", heading) without a number.

    The number is normalised (NFKC), the rest is as written.
    """
    heading = heading.strip()
    start, origins = _normalised(heading[:MAX_NUMBER_CHARS])
    match = NUMBER.match(start)
    # A number that ends inside a character is a part of it, such as the 1 of ½.
    if not match or origins[match.end()] == origins[match.end() - 1]:
        return "", heading.strip("*_ ")
    rest = heading[origins[match.end()] :].strip().strip("*_ ").lstrip(":： ").strip()
    if match.group("ordinal"):
        ordinal = match.group("ordinal")
        return (ordinal if ordinal[0].isdigit() else f"第{ordinal}{match.group('unit')}"), rest
    return next(found for found in match.group("named", "list", "letters", "dotted") if found), rest


def starts_clause(line: str) -> bool:
    """Whether a line of a paragraph begins a clause of its own."""
    return bool(PARAGRAPH_NUMBER.match(line.strip()[:MAX_NUMBER_CHARS]))


def _normalised(text: str) -> tuple[str, list[int]]:
    """(`text` in NFKC, the index in `text` that each of its characters, and its end, come from)."""
    made, origins = "", []
    for number, character in enumerate(text):
        normal = unicodedata.normalize("NFKC", character)
        made += normal
        origins += [number] * len(normal)
    return made, [*origins, len(text)]

"""The changed places of two versions of one sentence, and what OCR may have made of them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from inference.lite.budget import Budget
from inference.lite.compare_align import matches

NUMERALS = "零〇一二两三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟"
# A date, a number or code, a number in Chinese, or one character.
TOKEN = re.compile(
    r"\d{4}年\d{1,2}月(?:\d{1,2}日)?"
    r"|[A-Za-z0-9]{1,60}(?:[.,:/_@-][A-Za-z0-9]{1,60}){0,20}%?"
    rf"|[{NUMERALS}]{{1,20}}"
    r"|\S"
)
NUMBER = re.compile(rf"[\d.,%]{{1,60}}|[{NUMERALS}]{{1,20}}")
ENDS = frozenset("。;!?,:、")  # a change does not reach over them
NEAR = 2  # equal tokens between two changes that are shown as one
BEFORE, AFTER, WORD = 10, 12, 5  # characters around a change that are quoted
LONGEST = 40  # with a word or number that would be cut
IN_WORD = re.compile(r"[A-Za-z0-9.,-]{2}")
CJK = re.compile(r"[\u2e80-\u9fff]")
# Characters that OCR takes for each other.
ALIKE = (
    *("0oOQD〇○", "1lI|丨!i", "5sS", "8B", "2zZ", "6b", "9gq", "uv", "cC", "kK", "pP", "wW", "xX×"),
    *(
        "一-—–_~",
        "日曰",
        "己已巳",
        "未末",
        "土士",
        "人入",
        "干千于",
        "大太犬",
        "王玉",
        "侯候",
        "戊戌戍",
    ),
    *("拔拨", "口囗", "工エ", "力カ", ",.，。、'‘’`", ":;：；", '"“”', "间问", "末来", "目日"),
)
FOLDED = {character: group[0] for group in reversed(ALIKE) for character in group}
OPEN, CLOSE = "\x02", "\x03"  # no text has them: they are taken out before
SIGNS = frozenset("-.+%/*#")
TRUSTED = 0.8  # confidence of a line, below which a change may be the OCR's


@dataclass(frozen=True, slots=True)
class Hunk:
    """`old` and `new`: the changed tokens, "" for nothing. `first` and `second`: the same with the
    words around, for people: the change between OPEN and CLOSE. `is_value`: a number, date or code
    changed."""

    old: str
    new: str
    first: str
    second: str
    is_value: bool
    is_mark: bool  # neither letters nor digits changed, nor a sign of a number


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int


def hunks(one: str, two: str, budget: Budget) -> list[Hunk]:
    """Each place that differs, in order. Spaces are no difference."""
    one, two = (text.replace(OPEN, " ").replace(CLOSE, " ") for text in (one, two))
    left, right = _tokens(one), _tokens(two)
    common = matches([t.text for t in left], [t.text for t in right], budget)
    found = []
    for old, new in _gathered(left, [*common, (len(left), len(right))]):
        texts = "".join(t.text for t in left[old]), "".join(t.text for t in right[new])
        if texts[0] != texts[1]:
            quotes = _quote(one, left, old), _quote(two, right, new)
            is_sign = _touches_number(left, old) or _touches_number(right, new)
            has_value = is_sign or any(map(_has_value, texts))
            found.append(Hunk(*texts, *quotes, has_value, is_mark("".join(texts)) and not is_sign))
    return found


def is_doubtful(one: str, two: str, confidence: float) -> bool:
    """Whether a change from `one` to `two` may be a mistake of OCR. `confidence`: of the less
    certain line; 1.0 is no OCR."""
    if confidence >= 1.0:
        return False
    if NUMBER.fullmatch(one) and NUMBER.fullmatch(two):
        return confidence < TRUSTED
    return confidence < TRUSTED or _folded(one) == _folded(two)


def _touches_number(tokens: list[_Token], changed: slice) -> bool:
    """Whether the change is a sign before or behind a number or code: -50, 3号, 10%."""
    signs = tokens[changed]
    if not signs or not all(one.text in SIGNS for one in signs):
        return False
    around = [*tokens[max(0, changed.start - 1) : changed.start], *tokens[changed.stop :][:1]]
    return any(one.text[:1].isdigit() for one in around)


def is_mark(text: str) -> bool:
    """Whether a text has neither letters nor digits."""
    return not any(character.isalnum() for character in text)


def _tokens(text: str) -> list[_Token]:
    return [_Token(found[0], found.start(), found.end()) for found in TOKEN.finditer(text)]


def _gathered(left: list[_Token], common: list[tuple[int, int]]) -> Iterator[tuple[slice, slice]]:
    """The changed stretches between common tokens; those that only a few equal tokens part are
    one."""
    made: list[tuple[int, int, int, int]] = []
    at = other_at = 0
    for end, other_end in common:
        if end > at or other_end > other_at:
            between = left[made[-1][1] : at] if made else []
            if made and len(between) <= NEAR and not any(one.text in ENDS for one in between):
                made[-1] = (made[-1][0], end, made[-1][2], other_end)
            else:
                made.append((at, end, other_at, other_end))
        at, other_at = end + 1, other_end + 1
    for start, end, other, other_end in made:
        yield slice(start, end), slice(other, other_end)


def _quote(text: str, tokens: list[_Token], changed: slice) -> str:
    """The changed tokens in bold, with the words around. Empty where nothing is left of them."""
    if changed.start == changed.stop:
        at = tokens[changed.start].start if changed.start < len(tokens) else len(text)
        return f"{_before(text, at)}{OPEN}{CLOSE}{_after(text, at)}"
    start, end = tokens[changed.start].start, tokens[changed.stop - 1].end
    while end < len(text) and end - start < WORD and CJK.match(text[start:end][-1:]):
        if not CJK.match(text[end]):
            break
        end += 1
    return f"{_before(text, start)}{OPEN}{text[start:end]}{CLOSE}{_after(text, end)}"


def _before(text: str, at: int) -> str:
    start = max(0, at - BEFORE)
    while start and at - start < LONGEST and IN_WORD.match(text[start - 1 : start + 1]):
        start -= 1
    return ("…" if start else "") + text[start:at]


def _after(text: str, at: int) -> str:
    end = at + AFTER
    while end < len(text) and end - at < LONGEST and IN_WORD.match(text[end - 1 : end + 1]):
        end += 1
    return text[at:end] + ("…" if end < len(text) else "")


def _has_value(text: str) -> bool:
    return any(character.isdigit() or character in NUMERALS for character in text)


def _folded(text: str) -> str:
    return "".join(FOLDED.get(character, character) for character in text).casefold()

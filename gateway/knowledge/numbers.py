"""The numbers that a text states, to compare two clauses: 7, 七, seven and ７ are the same."""

import re
import unicodedata
from collections.abc import Iterator

MAX_CHARS = 5_000
DIGITS = re.compile(r"[0-9]{1,12}(?:,[0-9]{3}(?![0-9]))*(?:\.[0-9]{1,6})?")
CHINESE = re.compile(r"(?<![0-9])(?<![0-9] )[零〇一二三四五六七八九十百千万两]{1,12}")
WORD = re.compile(r"[a-z]{3,9}")
# What a Chinese number counts in policies; 一 in 一般 or 三 in 三方 is a word's.
UNITS = re.compile(
    r" ?(?:个|天|日|小时|分钟|秒|周|年|月|元|块|倍|次|件|折|公斤|千克|米|公里|人|张|份|位|级|岁|%)"
)
CHINESE_DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {
    "〇": 0,
    "两": 2,
}
CHINESE_TENS = {"十": 10, "百": 100, "千": 1_000, "万": 10_000}
ENGLISH_WORDS = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen twenty
"""
MONTH_NAMES = """
    january february march april may june july august september october november december
"""
ENGLISH = {
    **{word: value for value, word in enumerate(ENGLISH_WORDS.split())},
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "ninety": 90,
    "hundred": 100,
}
# "may" is more often a verb.
MONTHS = {
    month: value for value, month in enumerate(MONTH_NAMES.split(), start=1) if month != "may"
}


def stated(text: str) -> set[float]:
    """The values in digits, each once: the numbers that a writer means as such."""
    return {value for value, _, _ in _digits(_plain(text))}


def said(text: str) -> set[float]:
    """The values in digits and in words."""
    plain = _plain(text)
    words = {
        float(value)
        for word in WORD.findall(plain)
        if (value := ENGLISH.get(word, MONTHS.get(word))) is not None
    }
    return stated(text) | {value for value, _, _ in _chinese(plain)} | words


def without_numbers(text: str) -> tuple[str, tuple[float, ...]]:
    """(the text without spaces and with # for each number, the numbers in order)."""
    plain = _plain(text)
    found = sorted([*_digits(plain), *_chinese(plain)], key=lambda one: one[1])
    made, values, position = [], [], 0
    for value, start, end in found:
        if start < position:
            continue
        made += [plain[position:start], "#"]
        values.append(value)
        position = end
    return "".join("".join([*made, plain[position:]]).split()), tuple(values)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text[:MAX_CHARS]).lower()


def _digits(plain: str) -> Iterator[tuple[float, int, int]]:
    """(value, start, end) of each."""
    for match in DIGITS.finditer(plain):
        value = float(match[0].replace(",", ""))
        end = match.end()
        if plain[end : end + 2].strip().startswith("万"):
            value *= 10_000
            end = plain.index("万", end) + 1
        yield value, match.start(), end


def _chinese(plain: str) -> Iterator[tuple[float, int, int]]:
    for match in CHINESE.finditer(plain):
        if UNITS.match(plain, match.end()):
            yield float(_value(match[0])), match.start(), match.end()


def _value(number: str) -> int:
    """12 of 十二, 300 of 三百, 20000 of 两万."""
    total = part = digit = 0
    for sign in number:
        if sign in CHINESE_DIGITS:
            digit = 10 * digit + CHINESE_DIGITS[sign]
        elif sign == "万":
            total, part, digit = (total + part + digit or 1) * 10_000, 0, 0
        else:
            part += (digit or 1) * CHINESE_TENS[sign]
            digit = 0
    return total + part + digit

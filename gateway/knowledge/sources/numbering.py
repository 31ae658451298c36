"""Clause numbers as people write them: 3.2 · 第三条 · 第 3.2 条 · Article 5 · 一、 · （一） · 1、

An amount, a version or a date at the start of a line is no clause number.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

# A number is looked for in the first characters of a heading or paragraph only.
MAX_NUMBER_CHARS = 80
YEARS = range(1900, 2101)  # "2026" and "2026.05" are dates
CHINESE = "[〇零一二三四五六七八九十百千两]{1,12}"
DOTTED = r"[0-9]{1,6}(?:\.[0-9]{1,6}){0,6}"
NUMBER = re.compile(
    r"^(?:[-+*] {1,4})?(?:\*\*|__)? ?[【\[〔]?(?:"
    rf"第 ?(?P<ordinal>{CHINESE}|{DOTTED}) ?(?P<unit>[条章节款项])(?P<of>之(?:{CHINESE}|[0-9]{{1,3}}))?"
    rf"|(?:§|article|clause|section|rule) ?(?P<named>{DOTTED})(?![0-9A-Za-z])"
    rf"|(?P<list>{CHINESE})、"
    rf"|\((?P<bracketed>{CHINESE})\)"
    rf"|(?P<letters>[A-Z]{{1,4}}-?{DOTTED})(?=[\s:.、)])"
    rf"|(?P<dotted>{DOTTED})(?!\.?[0-9A-Za-z%‰℃°])"
    r")[】\]〕]?(?P<mark>[.、):]?)",
    re.IGNORECASE,
)
# What a number may begin with, as written: most lines begin otherwise.
FIRST = re.compile(
    r"[-+*_ 【\[〔［（(第§A-Za-zＡ-Ｚａ-ｚ〇零一二三四五六七八九十百千两]|\d", re.IGNORECASE
)
# What makes a number before it an amount, a version or a day; after the `|` in brackets, words that
# only begin like one.
AMOUNT = re.compile(
    r"^ ?(?:公斤|千克|克(?!服)|斤|吨|倍(?!率)|元(?![旦素件宵])|块钱|万(?![能一])|亿"
    r"|折(?![叠扣旧断])|成(?![功为立员交本品人绩果团色长])"
    r"|天(?![气猫然花线窗])|日(?![常志期程用报租间历])|小时(?!工)|分钟|秒(?![杀])"
    r"|周(?![期边末年转卡租报])|年(?![费度货会检终龄卡票假底审报])"
    r"|个(?![人性体案])|月(?![卡结度饼票租付供报])|次(?![数品日卡])|件(?!数)"
    r"|人(?![工员脸民群身事才物数造])|位(?![置于])|名(?![称单字额片])"
    r"|公里|千米|厘米|毫米|平方|立方|米(?![饭粉面])|㎡|升(?![级舱降])|寸(?!照)|英寸|度(?!假|量)"
    r"|版本?(?=[起以之及前后,。的]|$)|代(?![收理码办付驾购金缴领取客])"
    r"|工作日|个工作日|级(?![别联])|号(?![码卡源])|楼(?![层道宇梯栋盘])|层(?![级高面])"
    r"|点(?![击评数播餐卡名单心歌赞位])|起(?:[,。、;的,]|$)"
    r"|大促|购物节|狂欢|促销|期间|当[天日]|(?:[-–—~]|至|到) ?[0-9]"
    r"|(?:days?|hours?|minutes?|weeks?|months?|years?|times?|yuan|usd|kg|km|cm|mm|gb|mb)\b)",
    re.IGNORECASE,
)
SENTENCE = re.compile(r"[,。;!?]|\. |\.$")  # after NFKC: "，；！？" are ASCII


class Rank(IntEnum):
    """What a number is part of: a number of a lower rank lies inside one of a higher rank."""

    CHAPTER = 0  # 第三章
    PART = 1  # 一、
    CLAUSE = 2  # 3.2, 第三条, Article 5: lists in its text are its own
    SUBPART = 3  # （一）
    ITEM = 4  # 1、


@dataclass(frozen=True, slots=True)
class Numbered:
    """`number` is normalised (NFKC), `rest` is as written."""

    number: str
    rest: str
    rank: Rank
    is_short: bool  # `rest` has no sentence in it, as a heading has none


def split_number(heading: str) -> tuple[str, str]:
    """(number, rest): ("3.2", "退货流程") of "3.2 退货流程", ("", heading) without a number."""
    found = read_number(heading)
    return (found.number, found.rest.strip("*_ ")) if found else ("", heading.strip().strip("*_ "))


@lru_cache(8)  # a line is looked at as the next one of the line before, and by itself
def clause_start(line: str) -> Numbered | None:
    """The number with which a paragraph begins a clause of its own, if it does.

    Stricter than a heading's: `1.` is an ordinary list, `3 …` a sentence.
    """
    found = read_number(line)
    if found is None:
        return None
    start, _ = _normalised(line.strip()[:MAX_NUMBER_CHARS])
    match = NUMBER.match(start)
    assert match
    if match["letters"]:
        return None
    if match["named"]:  # "Section 3 applies where …" is a sentence
        return found if start[0] == "§" or found.rest[:1].isupper() or not found.rest else None
    if match["dotted"] and "." not in match["dotted"]:
        return found if match["mark"] == "、" else None
    return found if match["unit"] not in ("款", "项") else None


def next_clause(line: str, before: str) -> Numbered | None:
    """The number of a paragraph that follows the clause `before`, though a unit stands behind it:
    behind 1.3 "1.4 Day visitors" begins a clause."""
    number, _, _ = line.strip()[:MAX_NUMBER_CHARS].partition(" ")
    if not re.fullmatch(DOTTED, number) or not _follows(number, before):
        return None
    return read_number(line, before)


def read_number(text: str, before: str = "") -> Numbered | None:
    """The number at the start of a heading. One that follows `before` is no amount."""
    text = text.strip()
    if not FIRST.match(text):
        return None
    start, origins = _normalised(text[:MAX_NUMBER_CHARS])
    match = NUMBER.match(start)
    # A number that ends inside a character is a part of it, such as the 1 of ½.
    if not match or origins[match.end()] == origins[match.end() - 1]:
        return None
    plain = match["dotted"]
    if plain and not match["mark"] and not _is_apart(plain, start[match.end() :], before):
        return None
    if plain and int(plain.partition(".")[0]) in YEARS:
        return None
    rest = _rest(text, origins[match.end()])
    is_short = not SENTENCE.search(start[match.end() :]) and len(text) < MAX_NUMBER_CHARS
    return Numbered(_number(match), rest, _rank(match), is_short)


def _rest(text: str, end: int) -> str:
    """The text behind the number. Emphasis that begins before the number begins behind it."""
    rest = text[end:].strip()
    mark = text[:2] if text[:2] in ("**", "__") else ""
    if mark and mark in rest:
        rest = rest.removeprefix(mark) if rest.startswith(mark) else mark + rest
    return rest.lstrip(":： ").strip()


def _is_apart(number: str, rest: str, before: str) -> bool:
    """Whether the number stands for itself: 3.2退货, but neither 2.5公斤 nor 7天 nor 3张."""
    if rest.startswith(" ") and _follows(number, before):
        return True
    if AMOUNT.match(rest):
        return False
    return "." in number or not rest or not rest[0].isalnum()


def _follows(number: str, before: str) -> bool:
    """Whether the number is the next one: 1.4 behind 1.3, 1.1 behind 1."""
    head, _, last = number.rpartition(".")
    if not head or not re.fullmatch(DOTTED, before):
        return False
    if last == "1":
        return head == before
    head_before, _, last_before = before.rpartition(".")
    return head == head_before and int(last) == int(last_before) + 1


def _number(match: "re.Match[str]") -> str:
    if ordinal := match["ordinal"]:
        if ordinal[0].isdigit() and not match["of"]:
            return ordinal
        return f"第{ordinal}{match['unit']}{match['of'] or ''}"
    if bracketed := match["bracketed"]:
        return f"（{bracketed}）"
    return next(found for found in match.group("named", "list", "letters", "dotted") if found)


def _rank(match: "re.Match[str]") -> Rank:
    if match["unit"] in ("章", "节"):
        return Rank.CHAPTER
    if match["list"]:
        return Rank.PART
    if match["bracketed"]:
        return Rank.SUBPART
    if match["dotted"] and "." not in match["dotted"] and match["mark"] == "、":
        return Rank.ITEM
    return Rank.CLAUSE


def _normalised(text: str) -> tuple[str, list[int]]:
    """(`text` in NFKC, the index in `text` that each of its characters, and its end, come from)."""
    if unicodedata.is_normalized("NFKC", text):
        return text, list(range(len(text) + 1))
    made, origins = "", []
    for number, character in enumerate(text):
        normal = unicodedata.normalize("NFKC", character)
        made += normal
        origins += [number] * len(normal)
    return made, [*origins, len(text)]

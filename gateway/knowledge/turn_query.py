"""What is searched for in a turn: the question's parts, and what its pictures name."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.knowledge.fillers import is_filler
from gateway.knowledge.terms import normalise
from gateway.knowledge.unsearched import asks_picture, without_insults

MAX_QUERY_CHARS = 2_000
MAX_PARTS = 3
MIN_PART_CHARS = 4
MAX_EARLIER = 3  # questions that one points back over
SHORT_CHARS, SHORT_WORDS = 16, 8  # a longer question that says "this" names what it means
SENTENCE = re.compile("[?？!！;；。\n]")
JOINED = re.compile(
    "[,，、 ](?:另外|还有|顺便问?|以及|并且|同时|而且)"
    "|,? and (?=how|what|when|where|who|can|do|does|is|are)"
)
COMMA = re.compile("[,，、]")
PIECE_ENDS = re.compile("[?？!！;；。,，、\n]")
ASKS = re.compile(
    "吗|么|呢|几|多少|多久|怎|如何|哪|谁|什么|能不能|可不可以|可以|是否|有没有|啥"
    r"|\b(?:how|what|when|where|who|why|which|can|could|do|does|is|are|may|will|should)\b"
)
BACK_START = re.compile(
    "(?:那么?|还有|然后|所以|它|这个|那个|这些|那些|这种|刚才|刚刚|上面|前面)"
    r"|(?:and|then|so|also|what about|how about|but)\b"
)
BACK = re.compile(
    r"刚才|刚刚|上面|前面|你说的|之前说|它|这个|那个|这种|那种"
    r"|\b(?:it|that|this|they|them|those|these|one)\b"
    "|^.{1,6}的(?=要|多少|怎么|怎样|多久|几|可以|能|行|也)"  # 次卡的要多少钱
)
# A part that only asks this names no subject of its own.
BARE = re.compile(
    "(?:请问|大概|一共|还|又|也|那|我|要|得|需要|会|应该|该|能|可以|一般|到底|最多|最少)"
    "|多少钱?|收费|收钱|要钱|花钱|免费|费用|价格|多久|几天|多长时间|什么时候|何时|哪里|哪儿|在哪|怎么|怎样|如何|咋"
    "|[办弄搞整算做收付交花钱吗么呢啊的了是有几]"
    r"|\b(?:how (?:much|long|many|soon)|what|when|where|how|does|do|did|is|are|will|can|could|should|would"
    r"|i|you|we|it|they|cost|price|pay|take|free|get|the|a|an|to|be|have|need)\b|[^\w]"
)
# What a picture of a kind says about a clause. Other fields are values: they are looked up, not
# searched for.
ERROR_FIELDS = ("error_text",)
STATUS_KINDS = frozenset(("payment", "order", "error"))
MAX_READING_CHARS = 300


@dataclass(frozen=True, slots=True)
class TurnQuery:
    """`questions`: the user's, oldest first. `readings`: of the newest pictures. `audience`:
    "customer" or "staff". `locale`: zh or en, the language of the turn; "" where each part's own
    words say it. `wants_knowledge`: false where the turn needs no clause. `owner`: a
    pseudonym, by which questions take turns at `lite`."""

    questions: list[str]
    readings: list[dict[str, Any]] = field(default_factory=list)
    locale: str = ""
    audience: str = "customer"
    wants_knowledge: bool = True
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """`text`: what is searched for; `own`: the words of this turn in it; `earlier`: those of the
    turns that it points back to. `codes`: error codes read from pictures."""

    text: str
    own: str
    earlier: str = ""
    codes: tuple[str, ...] = ()


def parts_of(query: TurnQuery) -> list[Part]:
    """The whole question first, then the questions in it, then what the pictures name. Empty where
    there is nothing to search for."""
    if not query.wants_knowledge:
        return []
    asked = _searched(cut(query.questions[-1]), bool(query.readings)) if query.questions else ""
    made = _picture_parts(query.readings)
    codes = tuple(code for part in made for code in part.codes)
    if asked and not is_filler(asked):
        earlier = _earlier(query.questions) if points_back(asked) else ""
        whole = Part(f"{earlier}\n{asked}".strip(), asked, earlier, codes)
        return [whole, *_questions_in(asked), *(part for part in made if part.text)]
    if asked and not query.readings and len(query.questions) > 1 and _is_ellipsis(asked):
        earlier = _earlier(query.questions)
        return [Part(f"{earlier}\n{asked}".strip(), asked, earlier)] if earlier else []
    return made


def _searched(text: str, has_picture: bool) -> str:
    """The question without insults and, beside a picture, without what is asked of the picture."""
    told = without_insults(text)
    if not has_picture or not asks_picture(normalise(told)):
        return told
    left = [piece for piece in _pieces(told) if not asks_picture(normalise(piece))]
    return "，".join(piece for piece in left if ASKS.search(normalise(piece)))


def _pieces(text: str) -> list[str]:
    return [piece.strip() for piece in PIECE_ENDS.split(text) if piece.strip()]


def cut(text: str, limit: int = MAX_QUERY_CHARS) -> str:
    """The first `limit` characters. NFKC makes up to 18 characters of one: a text that it makes
    longer than `limit` is returned normalised, so that no later step works on more."""
    text = text[:limit]
    normal = unicodedata.normalize("NFKC", text)
    return text if len(normal) <= limit else normal[:limit]


def points_back(text: str) -> bool:
    """Whether a question needs the ones before it: it is short, and says "it", 那…呢, "刚才"."""
    normal = normalise(text).strip(" ?？.。!！")
    if len(normal) > SHORT_CHARS and len(normal.split()) > SHORT_WORDS:
        return False
    if len(normal) > SHORT_CHARS and not normal.isascii():
        return False
    return bool(BACK_START.match(normal) or BACK.search(normal)) or normal.endswith("呢")


def _is_ellipsis(text: str) -> bool:
    """多久？ · 为什么？ · why? — but not 你好."""
    return bool(ASKS.search(normalise(text)))


def _earlier(questions: Sequence[str]) -> str:
    """The questions that the last one points back to, as one text."""
    found: list[str] = []
    for whole in reversed(questions[:-1][-MAX_EARLIER:]):
        question = cut(whole)
        if is_filler(question):
            continue
        found.append(cut(question, MAX_QUERY_CHARS // MAX_EARLIER))
        if not points_back(question):
            break
    return "\n".join(reversed(found))


def _questions_in(asked: str) -> list[Part]:
    """The questions of a text that has two or three of them. One without a subject is searched
    as a part of the whole only."""
    pieces = [
        piece.strip(" ,，、.")
        for sentence in SENTENCE.split(asked)
        for joined in JOINED.split(sentence)
        for piece in _at_commas(joined)
    ]
    parts = [
        piece
        for piece in pieces
        if len(piece) >= MIN_PART_CHARS and ASKS.search(normalise(piece)) and _has_subject(piece)
    ]
    return [Part(part, part) for part in parts[:MAX_PARTS]] if len(parts) > 1 else []


def _has_subject(piece: str) -> bool:
    """Whether a part says by itself what it asks about: 停车怎么收费, but not 要多少钱 or "how long
    does it take"."""
    normal = normalise(piece)
    return bool(BARE.sub("", normal)) and not (points_back(piece) or is_filler(piece))


def _at_commas(text: str) -> list[str]:
    """Cut at commas where each side asks: 毛巾多少钱，停车怎么收费, but not 我想问一下，几点开门."""
    pieces = COMMA.split(text)
    return pieces if all(ASKS.search(normalise(piece)) for piece in pieces) else [text]


def _picture_parts(readings: Iterable[dict[str, Any]]) -> list[Part]:
    parts: list[Part] = []
    for reading in readings:
        kind = str(reading.get("kind") or "")
        values: dict[str, list[str]] = {}
        for one in reading.get("fields", ()):
            values.setdefault(str(one.get("name")), []).append(str(one.get("value")))
        codes = tuple(normalise(code) for code in values.get("error_code", ()))
        said = [text for name in ERROR_FIELDS for text in values.get(name, ())]
        if not codes and not said and kind in STATUS_KINDS:
            said = values.get("status", [])
        text = cut("\n".join(said), MAX_READING_CHARS)
        if codes or text:
            parts.append(Part(text, text, codes=codes))
    return parts

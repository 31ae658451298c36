"""The sentences of a clause that answer a question.

A sentence is scored by the question's words that it has, each by how rare it is among the
sentences at hand, and by whether it has the unit that is asked for: "多久" wants a time.
"""

import itertools
import math
import re
from collections import Counter

from inference.lite.budget import Budget
from inference.lite.language import language_of
from inference.lite.text import normal

MAX_TEXT = 20_000  # characters of one clause that are looked at
MAX_SENTENCES = 400
CLOSE = 0.9  # share of the best score from which a second sentence is taken too
UNIT = 2.0  # what the unit that is asked for adds, in weights of a word

# A question of a list of questions and answers, or of a chat, answers nothing.
QUESTION_ENDS = ("?", "？", "吗", "么", "呢", "嘛")
ENDS = "。！？!?；;\n"
WORD = re.compile(r"[a-z0-9]+(?:[-_.][a-z0-9]+){0,8}|[\u3400-\u9fff]")
EMPTY_WORDS = (
    "的 了 吗 呢 是 在 我 你 您 要 么 什 怎 a an the is are was of to in on for and or do does did i my it"
    " what how when where which can you your with this that me"
)
EMPTY = frozenset(EMPTY_WORDS.split())
# Words of a question, and those of the same meaning that papers write.
OTHER_WORDS = (
    (re.compile(r"赔|补偿"), "赔偿 补偿 赔付"),
    (re.compile(r"房子"), "房屋"),
    (re.compile(r"在哪|地址|什么地方"), "坐落 位于 地址"),
)
NUMBER = r"(?:\d|[一二两三四五六七八九十半])"
ASKS_NUMBER = re.compile(r"多少|几|\bhow (?:much|many)\b", re.IGNORECASE)
A_NUMBER = re.compile(NUMBER)
UNITS = (
    (
        re.compile(
            r"多久|多长|几天|多少天|几个?小时|几个?月|几年|何时|什么时候|哪天|几号|期限|时效|有效期|过期|how (?:long|soon|many"
            r" (?:days|hours|weeks|months|years))|\bwhen\b|deadline|expire",
            re.IGNORECASE,
        ),
        re.compile(
            NUMBER + r"\s?个?(?:工作日|自然日|天|日|小时|分钟|月|年|周|星期)"
            r"|即时|立即|当天|次日|\d[ -](?:business |working )?"
            r"(?:day|hour|minute|week|month|year)|immediately",
            re.IGNORECASE,
        ),
    ),
    (
        re.compile(
            r"多少钱|几块|几元|费用|运费|收费|价格|包邮|金额|上限|how much|cost|price|fee\b|\bpay\b",
            re.IGNORECASE,
        ),
        re.compile(
            r"\d\s?(?:元|块|角)|[¥￥$€£]\s?\d|免费|包邮|\d (?:dollars|yuan|euros)|\bfree\b",
            re.IGNORECASE,
        ),
    ),
    (
        re.compile(
            r"几点|工作时间|营业时间|服务时间|上班|下班|what time|opening|hours", re.IGNORECASE
        ),
        re.compile(r"\d{1,2}[:：]\d{2}|\d{1,2}\s?[点时]|\d\s?[ap]\.?m", re.IGNORECASE),
    ),
    (
        re.compile(
            r"几次|多少次|几条|几个|几张|多少[个张条件份]|how many|how often", re.IGNORECASE
        ),
        re.compile(
            NUMBER + r"\s?(?:次|条|个(?!月)|张|件|份)|\d{1,4} (?:times|items|pieces|codes)", re.I
        ),
    ),
    (
        re.compile(r"多大|大小|多重|多高|size|weight|large|heavy", re.IGNORECASE),
        re.compile(
            r"\d\s?(?:kb|mb|gb|kg|g|cm|mm|米|平方米|平米|㎡|厘米|公斤|千克|克)", re.IGNORECASE
        ),
    ),
    (
        re.compile(r"电话|联系方式|phone|call\b", re.IGNORECASE),
        re.compile(r"\d{3,4}[- ]?\d{3,8}"),
    ),
)


def sentences(text: str) -> list[str]:
    """The sentences of a text in order, each with its mark at the end."""
    made: list[str] = []
    start = 0
    text = text[:MAX_TEXT]
    for at, character in enumerate(text):
        following = text[at + 1 : at + 2]
        if character in ENDS or (character == "." and following in (" ", "") and at - start > 12):
            made.append(text[start : at + 1].strip())
            start = at + 1
    made.append(text[start:].strip())
    return [one for one in made if any(map(str.isalnum, one))][:MAX_SENTENCES]


def terms(text: str) -> set[str]:
    """Words, numbers, Chinese characters and pairs of them."""
    found = WORD.findall(normal(text[:MAX_TEXT]).lower())
    pairs = [one + two for one, two in itertools.pairwise(found) if _is_han(one + two)]
    return {_stem(one) for one in found if one not in EMPTY} | set(pairs)


def best_of(question: str, text: str, budget: Budget, least: int = 0) -> list[str]:
    """One sentence of the text that answers the question, or two; [] if none has any of its words.

    In the order of the text. `least`: words in common that a sentence needs; the unit that is
    asked for counts as two, a number where one is asked for without its unit as one.
    """
    every = sentences(text)
    scored = _scores(question, every, budget)
    if least:
        units = _units(question)
        wants_number = not units and ASKS_NUMBER.search(question) is not None
        for at, one in enumerate(every):
            has_unit = any(unit.search(one) for unit in units)
            common = len(shared(question, one))
            has_number = common and wants_number and A_NUMBER.search(one) is not None
            if common + 2 * has_unit + has_number < least:
                scored[at] = 0.0
    best = max(scored, default=0.0)
    if best <= 0:
        return []
    top = scored.index(best)
    second = [at for at in range(len(every)) if at != top and scored[at] >= CLOSE * best]
    return [every[at] for at in sorted([top, *second[:1]])]


def _scores(question: str, every: list[str], budget: Budget) -> list[float]:
    asked = terms(question)
    found = []
    for one in every:
        budget.check()
        found.append(terms(one))
    counts = Counter(term for one in found for term in one if term in asked)
    weights = {
        term: math.log(1 + len(every) / count) * (1.0 if len(term) > 1 else 0.4)
        for term, count in counts.items()
    }
    units = _units(question)
    bonus = UNIT * max(weights.values(), default=1.0)
    scores = []
    for one, its in zip(every, found, strict=True):
        score = sum(weights.get(term, 0.0) for term in its)
        if units and any(unit.search(one) for unit in units):
            score += bonus if score or not weights else 0.3 * bonus
        if one.endswith(QUESTION_ENDS):
            score = 0.0
        scores.append(score)
    return scores


def _units(question: str) -> list["re.Pattern[str]"]:
    """Patterns of the units that the question asks for."""
    return [unit for ask, unit in UNITS if ask.search(question)]


def shared(one: str, other: str) -> set[str]:
    """Words and pairs of characters that two texts have in common."""
    return {term for term in terms(one) & terms(other) if len(term) > 1}


def widened(question: str) -> str:
    """The question with the words that papers write for its own."""
    return " ".join([question, *(words for asked, words in OTHER_WORDS if asked.search(question))])


def may_tell(question: str, text: str, *, by_number: bool = True) -> bool:
    """Whether a text in the question's language has a word or a unit that the question asks for.
    True of a text in another language, which shares no words. `by_number`: any number will do
    where the question asks for one and names no unit."""
    if language_of(text) != language_of(question):
        return True
    units = _units(question)
    if not units and by_number and ASKS_NUMBER.search(question):
        units = [A_NUMBER]
    has_unit = any(unit.search(text[:MAX_TEXT]) for unit in units)
    return has_unit or bool(shared(question, text))


def _is_han(text: str) -> bool:
    return all(character > "\u33ff" for character in text)


def _stem(word: str) -> str:
    """An English word without its plural: "refunds" is "refund"."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word

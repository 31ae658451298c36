"""Which value of a picture a question asks for: by words, by meaning and by sort."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from inference.lite.answering.extracts import terms
from inference.lite.answering.lookup import concepts, sums
from inference.lite.answering.lookup.entries import Entry, asks
from inference.lite.answering.lookup.sorts import UNITS, Sort, asked, fits, is_named_so
from inference.lite.answering.questions import simplified
from inference.lite.budget import Budget
from inference.lite.embedding.meaning import Meaning
from inference.lite.field_text import plain

# What is added to the cosine.
WORDS = 0.35  # for a label that the question has word by word
CONCEPT = 0.45  # for a label that papers print for what the question says in other words
COVERED = 0.25  # for a text that has all words of the question
SORTED = 0.12  # for a value of the sort that is asked for
ROW = 0.25  # for a cell of the row that the question names; taken off for another row's
MAIN = 0.2  # for the column of amounts, or of what one piece costs
NAMED = 0.12  # for a label that says the sort
WHICH = 0.15  # for a row where the question asks which one
NOT_DONE = 0.2  # for a state that is open, where the question asks what is
CHOSEN = 0.25  # for a value that the question names as one of two
RARE = 0.2  # for a sentence that has all rare words of the question
QUALIFIED = 0.3  # for a sentence with the word that singles it out
NEAR_ROW, APART = 0.35, 0.12  # cosine of the row that the question means, and before the next
NEW = 2  # characters that a sentence says beyond the question
EMPTY = re.compile(
    r"请问|麻烦|帮我?看?一?下?|告诉我|这[张个份单里上]?|[图票单]?[上里]面?|写的|一下|到底|大概|具体|分别|多少|什么|怎么|哪[个里儿家天]?|[谁几吗呢啊了的是有在我你他您]"
    r"|\b(?:please|the|this|that|on|in|of|a|an|is|was|are|were|does|do|did|it|my|i|me|what|which|who|when|where|how|much|many|for|to)\b",
    re.IGNORECASE,
)
FILLER = re.compile(
    r"请问|麻烦|帮我?看?一?下?|告诉我|这[张个份单里上]?|[图票单]?[上里]面?|写的|一下|到底|大概|具体|分别"
    r"|\b(?:please|the|this|that|on|in|of|a|an|is|was|are|were|does|do|did|it|my|i|me)\b",
    re.IGNORECASE,
)
EACH = re.compile(
    rf"单价|[一每][{UNITS}斤升吨米]|\beach\b|\bper\b|\b(?:price|cost) of (?:one|a)\b|\bone\b",
    re.IGNORECASE,
)
OF_EACH = re.compile(r"单价|售价|\bunit\b|\bprice\b|\beach\b|\brate\b", re.IGNORECASE)
OF_ALL = re.compile(r"金额|小计|总价|\bamount\b|\btotal\b|\bnet\b", re.IGNORECASE)
# Words of a label or a question that say of what sort a value is, and not what it is of.
GENERAL = re.compile(
    r"日期|时间|金额|名称|编?号码?|多少钱|数量|电话|\b(?:date|time|amount|total|number|name|no)\b",
    re.IGNORECASE,
)
QUALIFIER = re.compile(
    r"最[快晚早迟多少高低大小后近]|首[次付笔]|第[一二三四五六]|尾款|余款|预付|earliest|latest|first|last"
)
WHICH_ROW = re.compile(
    rf"哪一?[{UNITS}些样项种]|\bwhich\b|\bwhat(?:'s| is| are| was) (?:out|back|not|still|missing)\b",
    re.IGNORECASE,
)
# What is not done yet, in a question and in a state.
UNDONE = re.compile(r"没|未|不用|\bnot\b|n't\b|\bstill\b|\bmissing\b", re.IGNORECASE)
OPEN = re.compile(
    r"[待未没无免]|处理中|缺货|运输|派送|在途|in transit|\b(?:not|un\w{3,10}|pending|awaiting|open|overdue|out of|none|back-?ordered)\b",
    re.IGNORECASE,
)
OF_MONEY = re.compile(r"[钱块元费价款金额税罚赔]|how much|[¥￥$€£]", re.IGNORECASE)
CHOICE = re.compile(r"还是|\bor\b", re.IGNORECASE)
HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Found:
    entry: Entry
    score: float


def best(
    question: str, entries: Sequence[Entry], meaning: Meaning | None, budget: Budget
) -> list[Found]:
    """The best first."""
    asking = _Asking(question)
    able = [
        one
        for one in entries
        if asking.may_be(one)
        and asking.is_new(one)
        and not sums.is_another(question, one.label, one.field)
    ]
    if not able:
        return []
    texts = list(dict.fromkeys(text for one in able for text in asking.told_of(one)))
    near = (
        dict(zip(texts, meaning.near(asking.core, texts, budget), strict=True)) if meaning else {}
    )
    asking.row = _row(asking, able, meaning, budget)
    asking.is_single = len({one.whole for one in able if one.row}) < 2
    asking.weights = _rarity(asking.content, able)
    made = [
        Found(one, max(near.get(text, 0.0) for text in asking.told_of(one)) + asking.bonus(one))
        for one in able
    ]
    return sorted(made, key=lambda one: -one.score)


class _Asking:
    """A question: its words, what sort of value it wants, and which row of a table it means."""

    def __init__(self, question: str) -> None:
        self.sort = asked(question)
        self.core = FILLER.sub(" ", question).strip() or question
        self.grams, self.content = _grams(question), _content(question)
        self.letters = _letters(EMPTY.sub(" ", question))
        self.qualifiers = QUALIFIER.findall(question.lower())
        self.is_open = UNDONE.search(question) is not None
        self.asks_row = WHICH_ROW.search(question) is not None
        self.is_choice = CHOICE.search(question) is not None
        self.column = OF_EACH if EACH.search(question) else OF_ALL
        self.row, self.is_single = "", False
        self.weights: dict[str, float] = {}
        self.meant = concepts.meant(question)
        self.is_bare = self.sort is Sort.MONEY and not OF_MONEY.search(question)

    def may_be(self, entry: Entry) -> bool:
        """Whether an entry is of the sort that is asked for. A bare 多少 asks for a number too."""
        if entry.label and concepts.is_of_other(entry.label, self.meant):
            return False
        is_open = self.is_bare and concepts.names(entry.label, self.meant)
        return is_open or fits(entry.value, self.sort, is_labelled=bool(entry.label))

    def bonus(self, entry: Entry) -> float:
        """What an entry's words, sort and row add to its nearness in meaning."""
        value = entry.value
        score = SORTED * (self.sort is not None) + COVERED * self._covered(entry)
        score += QUALIFIED * any(word in value for word in self.qualifiers)
        score += NOT_DONE * bool(self.is_open and OPEN.search(value))
        score += CHOSEN * bool(self.is_choice and _grams(value) & self.grams)
        if not entry.label:
            return score + RARE * self._rare(entry) + WHICH * bool(self.asks_row and entry.whole)
        score += WORDS * _share(entry.label, self.content)
        score += CONCEPT * concepts.names(entry.label, self.meant)
        score += NAMED * is_named_so(entry.label, self.sort)
        return score + self._of_row(entry) if entry.row else score

    def _of_row(self, entry: Entry) -> float:
        if entry.whole != self.row and not self.is_single:
            return -ROW
        is_main = self.sort is Sort.MONEY and self.column.search(entry.label) is not None
        return ROW * bool(self.row) + MAIN * is_main

    def _covered(self, entry: Entry) -> float:
        """Share of the question's characters, and of pairs of them, that an entry has."""
        count = len(self.letters) + len(self.content)
        if not count:
            return 0.0
        value = entry.value if self._adds(entry) else ""
        text = f"{entry.whole} {entry.label} {value} {entry.before}"
        return (len(self.letters & _letters(text)) + len(self.content & _grams(text))) / count

    def _rare(self, entry: Entry) -> float:
        """Share of the question's words that a sentence has, the rare ones weighing more."""
        whole = sum(self.weights.values())
        has = _grams(f"{entry.value} {entry.before}")
        return sum(weight for word, weight in self.weights.items() if word in has) / (whole or 1.0)

    def told_of(self, entry: Entry) -> list[str]:
        """The texts of which the nearest to the question counts."""
        whole = f"{entry.about} {entry.value}" if entry.label and self._adds(entry) else ""
        return list(filter(None, [entry.about, entry.label, whole, entry.before]))

    def is_new(self, entry: Entry) -> bool:
        """Whether a sentence says something that the question does not, and is no question."""
        return bool(entry.label) or (self._adds(entry) and not asks(entry.value))

    def _adds(self, entry: Entry) -> bool:
        return len(_letters(entry.value) - self.letters) >= NEW


def _rarity(content: set[str], entries: Sequence[Entry]) -> dict[str, float]:
    """The weight of each word of a question among the sentences of a picture."""
    texts = [_grams(f"{one.value} {one.before}") for one in entries if not one.label]
    counts = {word: sum(word in text for text in texts) for word in content}
    return {word: math.log(1 + len(texts) / count) for word, count in counts.items() if count}


def _row(asking: _Asking, able: Sequence[Entry], meaning: Meaning | None, budget: Budget) -> str:
    """The row of a table that the question names by its words, or means; "" without one."""
    rows = list(dict.fromkeys(one.whole for one in able if one.row))
    if not rows:
        return ""
    named = sorted(rows, key=lambda one: -len(_grams(one) & asking.grams))
    if _grams(named[0]) & asking.grams:
        return named[0]
    if meaning is None or len(rows) < 2:
        return ""
    near = sorted(zip(meaning.near(asking.core, rows, budget), rows, strict=True), reverse=True)
    is_apart = near[0][0] >= NEAR_ROW and near[0][0] - near[1][0] >= APART
    return near[0][1] if is_apart else ""


def _grams(text: str) -> set[str]:
    return {one for one in terms(plain(text)) if len(one) > 1}


def _letters(text: str) -> set[str]:
    """Its Chinese characters and its other words."""
    return {one for one in terms(simplified(text)) if len(one) == 1 or not HAN.match(one)}


def _share(label: str, content: set[str]) -> float:
    """How far a label and a question are the same, words that say the sort alone aside."""
    mine = _content(label)
    both = len(mine & content)
    return 2 * both / (len(mine) + len(content)) if both else 0.0


def _content(text: str) -> set[str]:
    return {one for one in _grams(GENERAL.sub(" ", EMPTY.sub(" ", text))) if not one[0].isdigit()}

"""What a question wishes of the company's systems: a change, whether one is possible, a look, or
nothing. Rules for changes are strict: a question how to change something is no wish for it."""

import re
from dataclasses import dataclass
from enum import Enum

from inference.lite.answering.acting import terms
from inference.lite.answering.questions import (
    ASKING,
    FILLER,
    LATE,
    LEFT,
    LONG_NUMBER,
    OWN,
    Part,
    Want,
    is_generic,
    is_pure,
)
from inference.lite.field_text import plain

MAX_QUESTION = 1_000  # characters that are looked at
CLAUSE = re.compile(r"[?？!！。;；\n,，]|\.\s")
# Asks for a rule.
HOW = re.compile(
    r"怎么(?!办|回事|了|还|又)|如何|怎样|咋(?!办|回事|还)|流程|步骤|规则|政策|条件|多久|几天|多长时间"
    r"|(?:扣|收|要|出|付)[^,，。]{0,6}[钱费]|哪里|在哪|哪儿|去哪|会怎|后果|需要什么|什么时候可以"
    r"|\bhow (?:do|can|to|should|long|many|much|does|would)\b|\bwhere (?:can|do|should)\b|\bpolic(?:y|ies)\b"
    r"|\bwhat (?:happens|if)\b|\bfees?\b|\brules?\b"
)
GENERAL = re.compile(
    r"一般|通常|平均|正常情况|\busually\b|\bnormally\b|\btypically\b|\bgenerally\b|\bhow long does\b"
)
HYPOTHESIS = re.compile(
    r"如果|假如|要是|万一|的话|后(?:多久|几天|会|怎|还|能|可)|之后|以后|\bif\b|\bafter i\b|\bonce i\b|\bunless\b"
)
ABOUT = re.compile(
    r"客服说|[他她]们?说|听说|\b(?:said|says|told|heard)\b|想问|请问一下|咨询|了解|想知道|好奇|解释|说明|介绍|\bexplain\b|\bwonder|\bwant to know\b|\blike to know\b|\bquestion about\b"
)
# Asked of the assistant: "can you cancel it", "能帮我取消吗".
PLEASE = re.compile(
    r"帮|麻烦|劳驾|请(?!问)|[你您](?:们)?(?:能|可以)|给我[改取换退重]|替我|\bplease\b|\bpls\b|\b(?:can|could|would|will) you\b"
)
WANTS = re.compile(
    r"要|想|(?<![们他她统])把|吧|需要|\bi(?:'d| would) like\b|\bwant\b|\bneed\b|\blet's\b|\bgo ahead\b"
)
I_WANT = re.compile(r"我[要想]|我需要|\bi (?:want|need|would like) to\b|\bi'd like to\b")
ANY_NOT = re.compile(r"不|别|没|\bnot\b|\bnever\b|n't\b")
# "我想取消，可以吗": asks for consent, not for a rule.
CONSENT = re.compile(r"(?:可以|行|好|成)[吗么]\s?$|, (?:ok|okay|is that ok)\s?$")
ABLE = re.compile(
    r"能|可以|可否|是否|允许|来得及|\bcan\b|\bcould\b|\bmay\b|\bpossible\b|\ballowed\b|\beligible\b|\bable\b"
)
EITHER = re.compile(r"能不能|可不可以|是不是|要不要")  # no negation
NOT = re.compile(
    r"(?:不要|别|不想|不用|不必|不需要|先不|没有?|不)(?:再|给我|帮我|把它?|去)?[^,，。不]{0,4}$"
    r"|(?:\bdon't|\bdo not|\bdont|\bnot|\bnever|\bdidn't|\bwithout|\bno need to)\s(?:\w{1,12}\s){0,2}$"
)
PAST = re.compile(r"被|已经?|了(?:吗|么|没|嘛)|没有?$|自动|\b(?:was|were|been|has|have|got|did)\b")
# Behind an act: that it happened, or that it cannot be done.
HAPPENED = re.compile(r"^(?:掉|好|成功)?了(?!吧)")
FAILED = re.compile(r"^(?:失败|不了|不掉|不成功)")
DONE = re.compile(r"被|已经|了[吗么没]|了没|\b(?:was|were|been|has|have)\b")
# "取消原因", "修改记录": no act, but a thing.
THING = re.compile(
    r"^(?:的?)(?:原因|记录|进度|状态|规则|政策|时间|按钮|流程|条件|手?续?费|功能|页面)"
)
LOOKING = re.compile(
    r"查一?[下查个]|查询|帮我查|查(?=快递|包裹|物流|订单|发票|运单)|看一?下|看看|跟踪|追踪|进度|进展|什么情况|怎么回事"
    r"|(?:快递|包裹|快件|订单|物流)呢"
    r"|(?:什么时候|啥时候|何时|几时)[^,，。]{0,4}(?:发货|发出|退款|到[账帐]|[过到]期)"
    r"|\btrack\b|\bcheck\b|\blook (?:up|into|at)\b|\bfind out\b|\bany (?:update|news)\b"
)
TROUBLED = re.compile(
    r"登不|[登进][录陆去][^,，。]{0,6}(?:不|失败|转圈|卡|慢|报错)|进不去|报错|错误|故障|闪退|转圈|打不开|一直加载|加载不|卡住|白屏"
    r"|\berrors?\b|\b(?:can't|cannot|can not|unable|won't|fails?|failed)\b|\bcrash|\bspinn|\bstuck\b|\bkeeps loading\b"
)
HAVE = re.compile(
    r"(?:还|一共|总共|现在)?(?:有|剩下?)(?:多少|几[张个次分天])|有没?有?货|库存|\bdo i (?:still )?have\b|\bin stock\b"
    r"|\bavailable\b|\bleft\b"
)
MORE_FILLER = re.compile(
    r"吧|那|把|要|想|给|先|就|它|单|呗|谢谢|行|好|需|直接|马上|立刻|订|\b(?:order|want|need|would|like|then|just|now"
    r"|them|one|ok|okay|thanks|thank|for|be|to|am|id)\b"
)


WORD = re.compile(r"[a-z]{3,30}")


class Aim(Enum):
    """What a question wishes, the strongest first."""

    CHANGE = "that something is changed"
    CHECK = "whether something may be changed"
    LOOK = "how something stands"
    NONE = "nothing of a system"


@dataclass(frozen=True, slots=True)
class Wish:
    """`acts` and `subjects` are names of `terms`. `is_bare`: nothing is asked beside a picture or a
    number. `points`: the words name no thing of their own, so they mean what was spoken of."""

    aim: Aim
    text: str  # in lower case and simplified characters
    acts: frozenset[str] = frozenset()
    subjects: frozenset[str] = frozenset()
    is_own: bool = False
    is_bare: bool = False
    points: bool = False
    # Words of a request without an act that is known: "please submit my expense report".
    requests: bool = False
    words: frozenset[str] = frozenset()  # the English ones
    by_rule: bool = False  # it asks for a rule, or what would be


def wish_of(question: str, parts: list[Part]) -> Wish:
    """The wish of a question, whose parts are `parts_of` it."""
    text = plain(question[:MAX_QUESTION])
    rest = LONG_NUMBER.sub(" ", text)
    is_bare = is_generic(rest) or (rest != text and is_pure(rest))
    aims = [_aim(clause) for clause in CLAUSE.split(text) if clause.strip()]
    for aim in (Aim.CHANGE, Aim.CHECK):
        acts = frozenset[str]().union(*(acts for one, acts in aims if one is aim))
        if acts:
            break
    else:
        aim = Aim.LOOK if _looks(text, parts, aims, is_bare) else Aim.NONE
    return Wish(
        aim,
        text,
        acts,
        terms.found(terms.SUBJECTS, text),
        bool(OWN.search(text)) or "我" in text or " i " in f" {text} ",
        is_bare,
        _points(rest),
        aim in (Aim.LOOK, Aim.NONE) and _requests(text),
        frozenset(WORD.findall(text)),
        not HAVE.search(text)
        and any(one.search(text) for one in (HOW, GENERAL, HYPOTHESIS, ABOUT)),
    )


def _requests(text: str) -> bool:
    asks = bool(PLEASE.search(text) or I_WANT.search(text))
    no_request = (HOW, HYPOTHESIS, ABOUT, PAST, LOOKING, ANY_NOT)
    return asks and not any(one.search(text) for one in no_request)


def _aim(clause: str) -> tuple[Aim, frozenset[str]]:
    """The aim of one clause as far as acts tell it, and the acts."""
    if WANTS.search(clause):
        clause = CONSENT.sub("", clause)
    asks = bool(ASKING.search(clause))
    clause = EITHER.sub("能", clause)
    found = _acts(clause)
    acts = frozenset(name for name, _ in found)
    requested = bool(PLEASE.search(clause))
    is_if = HYPOTHESIS.search(clause) and (asks or not requested)
    if not acts or is_if or HOW.search(clause) or ABOUT.search(clause):
        return Aim.NONE, frozenset()
    if any(FAILED.match(clause[one.end() :]) for _, one in found):
        return Aim.LOOK, acts
    if asks and not requested and ABLE.search(clause) and not DONE.search(clause):
        return Aim.CHECK, acts
    is_past = PAST.search(clause) or all(_is_past(clause, one) for _, one in found)
    if is_past and not requested and (asks or not WANTS.search(clause)):
        return Aim.LOOK, acts
    return (Aim.NONE if asks and not requested else Aim.CHANGE), acts


def _acts(clause: str) -> list[tuple[str, "re.Match[str]"]]:
    return [
        (name, one)
        for name, act in terms.ACTS.items()
        for one in act.finditer(clause)
        if _counts(one)
    ]


def _is_past(clause: str, act: "re.Match[str]") -> bool:
    return act[0].endswith("ed") or bool(HAPPENED.match(clause[act.end() :]))


def _counts(act: "re.Match[str]") -> bool:
    """Whether an act is neither denied nor a part of a thing's name."""
    text, start, end = act.string, act.start(), act.end()
    return not NOT.search(text[max(0, start - 24) : start]) and not THING.match(text[end : end + 8])


def _looks(
    text: str, parts: list[Part], aims: list[tuple[Aim, frozenset[str]]], is_bare: bool
) -> bool:
    if is_bare or any(aim is Aim.LOOK for aim, _ in aims):
        return True
    if GENERAL.search(text):
        return False
    if any(part.want in (Want.STATE, Want.ARRIVAL) for part in parts) or LATE.search(text):
        return True
    if HAVE.search(text):
        return True
    if HOW.search(text):
        return False
    return bool(LOOKING.search(text) or TROUBLED.search(text))


def _points(rest: str) -> bool:
    """Whether nothing is left of the words without acts and filler."""
    for act in terms.ACTS.values():
        rest = act.sub(" ", rest)
    rest = MORE_FILLER.sub(" ", FILLER.sub(" ", rest))
    return not LEFT.search(rest)

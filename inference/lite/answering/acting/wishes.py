"""What a question wishes of the company's systems: a change, whether one is possible, a look, or
nothing. Rules for changes are strict: a question how to change something is no wish for it."""

import re
from dataclasses import dataclass
from enum import Enum

from inference.lite.answering.acting import terms, unwished
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
MAX_NAME = 12  # characters of a name
PART = re.compile(r"\s?的([\u3400-\u9fff]{1,12})")
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
ABOUT = re.compile(
    r"想问|请问一下|咨询|了解|想知道|好奇|解释|说明|介绍|\bexplain\b|\bwonder|\bwant to know\b|\blike to know\b|\bquestion about\b"
)
# Asked of the assistant: "can you cancel it", "能帮我取消吗".
PLEASE = re.compile(
    r"帮|麻烦|劳驾|(?<!申)请(?!问)|[你您](?:们)?(?:能|可以)|给我[改取换退重]|替我|\bplease\b|\bpls\b|\b(?:can|could|would|will) you\b"
)
WHY = re.compile(r"为什么|为啥|为何|\bwhy\b")
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
PAST = re.compile(r"被|已经?|了(?:吗|么|没|嘛)|没有?$|自动|\b(?:was|were|been|has|have|got|did)\b")
# Behind an act: that it happened, or that it cannot be done.
HAPPENED = re.compile(r"^(?:掉|好|成功)?了(?!吧)")
FAILED = re.compile(r"^(?:失败|不了|不掉|不成功)")
DONE = re.compile(r"被|已经|了[吗么没]|了没|\b(?:was|were|been|has|have)\b")
LOOKING = re.compile(
    r"查一?[下查个]|查询|帮我查|查(?=快递|包裹|物流|订单|发票|运单)|看一?下|看看|跟踪|追踪|进度|进展|什么情况|怎么回事"
    r"|(?:快递|包裹|快件|订单|物流)呢"
    r"|\b(?:what|how) about (?:my|the) (?:parcel|package|order|delivery|shipment)\W*$"
    r"|(?:什么时候|啥时候|何时|几时)[^,，。]{0,4}(?:发货|发出|退款|到[账帐]|[过到]期)"
    r"|\btrack\b|\bcheck\b|\blook (?:up|into|at)\b|\bfind out\b|\bany (?:update|news)\b"
)
# "帮我看看能不能取消": a look at whether, unless the act is to follow it.
LOOKS_AT = re.compile(
    r"查|看看|看一?下|帮我看|(?:帮我|请)确认|确认一?下|核实|问问|问一?下|\bcheck\b|\btell me\b|\blet me know\b|\blook\b"
    r"|\bsee (?:if|whether)\b|\bfind out\b|\bconfirm (?:if|whether)\b"
)
THEN = re.compile(r"然后|再|并|就|\bthen\b|\band\b")
TROUBLED = re.compile(
    r"登不|[登进][录陆去][^,，。]{0,6}(?:不|失败|转圈|卡|慢|报错)|进不去|报错|错误|故障|闪退|转圈|打不开|一直加载|加载不|卡住|白屏"
    r"|\berrors?\b|\b(?:can't|cannot|can not|unable|won't|fails?|failed)\b|\bcrash|\bspinn|\bstuck\b|\bkeeps loading\b"
)
HAVE = re.compile(
    r"(?:还|一共|总共|现在)?(?:有|剩下?)(?:多少|几[张个次分天])|有没?有?货|库存|\bdo i (?:still )?have\b|\bin stock\b"
    r"|\bavailable\b|\bleft\b"
)
MORE_FILLER = re.compile(
    r"都|全部|两[个单]|不是|不对|不|对|哦|噢|错了|刚才|后面|前面|吧|那|把|要|想|给|先|就|它|单|呗|谢谢|行|好|需|直接|马上|立刻|订|\b(?:orders?|want|need|would|like|then|just|now"
    r"|both|them|one|ok|okay|thanks|thank|for|be|to|am|id|go|ahead|sorry|actually|no|not|oops)\b"
)

FAULTY = re.compile(
    r"(?<![没报])错(?!误码)|不对|有误|不正确|\bwrong\b|\bincorrect\b|\bnot (?:right|correct)\b|\bmis(?:spelt|spelled)\b"
)
# "抬头错了怎么办": asks for help with what is wrong, and not for a rule.
WHAT_NOW = re.compile(
    r"(?:该|要|我)?(?:怎么办|咋办|怎么处理|如何处理)(?:呢|啊|呀)?"
    r"|\bwhat (?:should|can|do|must) i do(?: now| about it)?\b|\bwhat now\b"
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
    act_alone: bool = False  # a clause is an act alone: "气死了，给我取消"
    part: str = ""  # what of a numbered thing is meant: "提醒" of "订单 1 的提醒"
    names_own: bool = False  # a short name of something of one's own: "我的课表"
    by_rule: bool = False  # it asks for a rule, or what would be
    faults: tuple[str, ...] = ()  # clauses that tell that something is wrong: "抬头错了"


def wish_of(question: str, parts: list[Part]) -> Wish:
    """The wish of a question, whose parts are `parts_of` it."""
    text = plain(question[:MAX_QUESTION])
    rest = LONG_NUMBER.sub(" ", text)
    is_bare = is_generic(rest) or (rest != text and is_pure(rest))
    clauses = [one for one in CLAUSE.split(unwished.unquoted(text)) if one.strip()]
    aims = [aim_of(clause) for clause in clauses]
    denied = _denied(clauses)
    for aim in (Aim.CHANGE, Aim.CHECK):
        acts = frozenset[str]().union(*(acts for one, acts in aims if one is aim)) - denied
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
        any(
            aim is Aim.CHANGE and _points(LONG_NUMBER.sub(" ", one))
            for one, (aim, _) in zip(clauses, aims, strict=True)
        ),
        _part_of(text),
        text.startswith("我的") and len(text) <= MAX_NAME,
        not HAVE.search(text)
        and any(one.search(text) for one in (HOW, GENERAL, unwished.SUPPOSED, ABOUT)),
        _faults(text, clauses),
    )


def _faults(text: str, clauses: list[str]) -> tuple[str, ...]:
    text = WHAT_NOW.sub(" ", text)
    no_word_of_ones_own = (ASKING, HOW, ABOUT, unwished.SUPPOSED, unwished.REPORTED)
    if any(one.search(text) for one in no_word_of_ones_own):
        return ()
    return tuple(one for one in clauses if FAULTY.search(one))


def _part_of(text: str) -> str:
    """What a clause names behind a number and "的", without the act behind it."""
    for number in LONG_NUMBER.finditer(text):
        if found := PART.match(text[number.end() : number.end() + MAX_NAME]):
            rest = found[1]
            for act in terms.ACTS.values():
                cut = act.search(rest)
                rest = rest[: cut.start()] if cut and cut.start() else rest
            return MORE_FILLER.sub("", FILLER.sub("", rest))
    return ""


def _denied(clauses: list[str]) -> frozenset[str]:
    """The acts that a clause denies, unless it denies them of one number among others."""
    numbers = {one for clause in clauses for one in LONG_NUMBER.findall(clause)}
    return frozenset(
        name
        for clause in clauses
        for name, act in terms.ACTS.items()
        if any(map(unwished.is_denied, act.finditer(clause)))
        and not (LONG_NUMBER.search(clause) and numbers - {*LONG_NUMBER.findall(clause)})
    )


def _requests(text: str) -> bool:
    text = unwished.unquoted(text)
    asks = bool(PLEASE.search(text) or I_WANT.search(text))
    no_request = (HOW, unwished.SUPPOSED, ABOUT, PAST, LOOKING, ANY_NOT, unwished.REPORTED)
    return asks and not any(one.search(text) for one in no_request)


def aim_of(clause: str) -> tuple[Aim, frozenset[str]]:
    """The aim of one clause as far as acts tell it, and the acts."""
    if WANTS.search(clause):
        clause = CONSENT.sub("", clause)
    asks = bool(ASKING.search(clause))
    clause = EITHER.sub("能", clause)
    found = _acts(clause)
    acts = frozenset(name for name, _ in found)
    requested = bool(PLEASE.search(clause)) and not WHY.search(clause)
    if not acts or HOW.search(clause) or ABOUT.search(clause) or unwished.is_not_now(clause):
        return Aim.NONE, frozenset()
    before = clause[: min(one.start() for _, one in found)]
    if LOOKS_AT.search(before) and not THEN.search(clause):
        return (Aim.CHECK if ABLE.search(clause) else Aim.LOOK), acts
    if unwished.SUPPOSED.search(clause) and (asks or not requested):
        return Aim.NONE, frozenset()
    if any(FAILED.match(clause[one.end() :]) for _, one in found):
        return Aim.LOOK, acts
    if asks and not requested and ABLE.search(clause) and not DONE.search(clause):
        return Aim.CHECK, acts
    if _has_been(clause, [one for _, one in found], asks=asks, requested=requested):
        return Aim.LOOK, acts
    return (Aim.NONE if asks and not requested else Aim.CHANGE), acts


def _has_been(clause: str, acts: list["re.Match[str]"], *, asks: bool, requested: bool) -> bool:
    """Whether a clause tells that its act happened or was tried, and asks for nothing."""
    happened = any(_is_past(clause, one) for one in acts)
    if requested:
        return False
    if happened:
        clause = clause.replace("把", "")  # "把它取消了" tells what was done
    tried = unwished.TRIED.search(clause) or any(map(unwished.is_past, acts))
    is_past = PAST.search(clause) or happened
    return bool(tried or (is_past and (asks or not WANTS.search(clause))))


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
    return not unwished.is_denied(act) and not unwished.is_thing(act)


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

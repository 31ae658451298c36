"""Where a parcel is and how an order or payment stands, as its picture shows it."""

import re
from dataclasses import dataclass

from inference.lite.answering import facts
from inference.lite.answering.estimates import ESTIMATE
from inference.lite.answering.facts import Facts
from inference.lite.answering.markdown import bold, plain
from inference.lite.answering.paragraphs import paragraphs
from inference.lite.answering.phrases import say, sentence
from inference.lite.reading import Reading


@dataclass(frozen=True, slots=True)
class Step:
    """Something that is done or not. `asked`, `done` and `undone` match questions and states."""

    asked: "re.Pattern[str]"
    done: "re.Pattern[str]"
    undone: "re.Pattern[str]"
    yes: tuple[str, str]
    no: tuple[str, str]


DELIVERED = r"已签收|签收成功|已送达|已妥投|妥投|已收货|本人签收|代收|已取件|交易完成|\bdelivered\b|signed (?:for )?by"
SENT = (
    r"已发货|已发出|运输中|在途|派送|派件|已揽|揽收|已收件|到达|离开|转运|待(?:买家)?(?:确认)?收货|\bshipped\b|dispatched|in transit"
    r"|out for delivery|departed|arrived|picked up"
)
STEP_WORDS = (
    (
        r"退款|退(?:给|回|还|到)|refund",
        r"已退款|退款成功|退款完成|原路退回|已.{0,16}退回|refunded|refund (?:complete|issued)",
        r"退款中|待退款|退款处理|退款失败|审核中|refund (?:is )?(?:pending|failed|processing)",
        ("是的，已经退款", "Yes, it has been refunded"),
        ("还没有退款完成的记录", "No, no refund is recorded yet"),
    ),
    (
        r"签收|送到|送达|到货|收到|到了[吗没么]|deliver|arriv",
        DELIVERED,
        r"未签收|未送达|undelivered|not (?:yet )?delivered|delivery failed",
        ("是的，已经签收", "Yes, it has been delivered"),
        ("还没有签收的记录", "No delivery is recorded yet"),
    ),
    (
        r"发货|发出|寄出|揽收|ship|dispatch|sent",
        f"{SENT}|{DELIVERED}",
        r"待(?:卖家|商家)?发货|未发货|备货|not (?:yet )?shipped|to be shipped|awaiting|preparing|processing",
        ("是的，已经发货", "Yes, it has been shipped"),
        ("还没有发货", "No, it has not been shipped yet"),
    ),
    (
        r"付款|支付|付了|\bpa(?:y|id|yment)\b|go(?:ne)? through|succeed",
        (
            r"支付成功|付款成功|已支付|已付款|交易成功|转账成功|待发货|已发货|待收货|已完成|\bpaid\b|success|completed"
            r"|approved"
        ),
        r"待付款|待支付|未支付|未付款|未完成|未成功|失败|unpaid|not paid|failed|declined|pending|refused",
        ("是的，已经付款成功", "Yes, the payment went through"),
        ("付款没有成功", "No, the payment has not gone through"),
    ),
)
STEPS = tuple(
    Step(re.compile(asked, re.I), re.compile(done, re.I), re.compile(undone, re.I), yes, no)
    for asked, done, undone, yes, no in STEP_WORDS
)
REFUND, DELIVERY = STEPS[:2]
# A clause on a parcel that is said to be there.
MARKED = re.compile(
    r"(?:显示|标记)(?:已|为)?签收|已签收|(?:marked|shown) (?:as )?delivered", re.IGNORECASE
)
WHO = re.compile(r"谁|\bwho\b", re.IGNORECASE)  # asks more than whether it is done
# "预计 11-29 18:00 前送达", "Estimated delivery: Dec 4"; not "pending".
A_TIME = re.compile(
    r"\d{1,2}[-/.月:：]\s?\d|\d\s?[日号天]|[今明后]天|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\b"
    r"|\btomorrow\b|\btoday\b|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b",
    re.IGNORECASE,
)
MAX_ESTIMATE = 120  # characters
MAX_STATE = 20  # characters of a line that is a status
MONEY = re.compile(
    r"钱|付款|支付|退款|扣款|到[账帐]|\bpa(?:y|id|yment)\b|refund|money", re.IGNORECASE
)
PROBLEM = re.compile(
    r"失败|未完成|未成功|异常|拒收|(?<!原路)退回|滞留|破损|丢失|疑难|关闭|冻结|超时|\bfail|declin|exception|returned|refus|lost|damaged"
    r"|delayed|blocked",
    re.IGNORECASE,
)


def stands(reading: Reading) -> str:
    """The latest scan, else the status of a picture; "" if it shows neither."""
    return facts.first(reading, "event", "status")


def says_delivered(text: str, readings: list[Reading]) -> bool:
    """Whether a clause is about a parcel marked as delivered, and no picture shows that."""
    shown = " ".join(filter(None, map(stands, readings)))
    return bool(MARKED.search(text) and shown and not DELIVERY.done.search(shown))


def has_problem(reading: Reading) -> bool:
    """Whether the picture shows that something has gone wrong."""
    return bool(
        PROBLEM.search(" ".join(facts.first(reading, name) for name in ("event", "status")))
    )


def is_of_parcel(question: str) -> bool:
    """Whether a question about a state is about a parcel, not about money."""
    return not MONEY.search(question)


SCANS = (
    re.compile(r"揽收|取件|picked up", re.IGNORECASE),
    re.compile(r"发出|离开|发往|departed|left\b", re.IGNORECASE),
    re.compile(r"到达|到了?(?=.{1,8}(?:站|网点|中心|仓))|arrived?", re.IGNORECASE),
    re.compile(r"派送|派件|out for delivery", re.IGNORECASE),
    re.compile(r"签收|送达|妥投|delivered", re.IGNORECASE),
)
FROM = re.compile(
    r"从(?:哪|什么地方)(?:里|儿)?(?:寄|发)|\bwhere\b.{0,20}\b(?:sent|shipped|come) from",
    re.IGNORECASE,
)
WHEN = re.compile(r"什么时候|啥时候|哪天|几号|几点|何时|\bwhen\b|what time", re.IGNORECASE)


def scan_of(question: str, known: Facts, chinese: bool) -> str:
    """When something happened to a parcel, by its scan; "" where none tells it."""
    events = [
        one.value for reading in known.pictures for one in reading.fields if one.name == "event"
    ]
    if events and FROM.search(question):
        return sentence([say("shown_text", chinese, lines=bold(events[-1]))], chinese)
    if not WHEN.search(question):
        return ""
    for scan in SCANS:
        found = [one for one in events if scan.search(one)]
        if found and scan.search(question):
            return sentence([say("shown_text", chinese, lines=bold(found[0]))], chinese)
    return ""


def told(question: str, known: Facts, chinese: bool) -> str:
    """The sentence on how the picture's parcel, order or payment stands, "" if none shows that."""
    told = [_told(question, reading, chinese) for reading in known.pictures]
    return " ".join(filter(None, told))


def latest(reading: Reading, chinese: bool) -> str:
    """The latest scan or the status, as a part of a sentence."""
    event = facts.first(reading, "event")
    if event:
        return say("latest", chinese, event=bold(event)) + _parcel(reading, chinese)
    status = plain(facts.first(reading, "status"))
    if not status:
        return say("no_scan", chinese)
    name = next((one for one in ("order_number", "waybill_number") if facts.of(reading, one)), "")
    if not name:
        return say("as_shown", chinese, status=status)
    noun = {"order_number": ("订单", "order"), "waybill_number": ("运单", "waybill")}[name]
    about = f"{noun[0 if chinese else 1]} {bold(facts.first(reading, name))}"
    return say("as_shown_of", chinese, about=about, status=status)


def estimated(reading: Reading, chinese: bool) -> str:
    """The carrier's own estimate in the picture's words, and where the parcel is; else ""."""
    said = next(
        (text for text in paragraphs(reading) if ESTIMATE.search(text) and A_TIME.search(text)), ""
    )
    if not said:
        return ""
    shown = say("shown_text", chinese, lines=f"“{plain(said[:MAX_ESTIMATE])}”")
    stand = latest(reading, chinese) if stands(reading) else ""
    return " ".join(sentence([one], chinese) for one in filter(None, [shown, stand]))


def _parcel(reading: Reading, chinese: bool) -> str:
    """Which parcel a scan is about, in brackets: carrier and number."""
    carrier, number = facts.first(reading, "carrier"), facts.first(reading, "waybill_number")
    about = " ".join(filter(None, [plain(carrier), plain(number)]))
    return say("brackets", chinese, about=about) if about else ""


def _told(question: str, reading: Reading, chinese: bool) -> str:
    every = " ".join(
        fact.field.value for name in ("event", "status") for fact in facts.of(reading, name)[:1]
    )
    if not every:
        return _of_lines(question, reading, chinese)
    for step in STEPS:
        if not step.asked.search(question) or WHO.search(question):
            continue
        if step.undone.search(every):
            return _lead(step.no, reading, chinese)
        if step.done.search(every):
            return _lead(step.yes, reading, chinese)
        if step is DELIVERY:
            return _lead(step.no, reading, chinese)
    return sentence([latest(reading, chinese)], chinese)


def _of_lines(question: str, reading: Reading, chinese: bool) -> str:
    """How a payment or refund stands by the lines of a picture without a status, "" if unknown."""
    if facts.kind_of(reading) not in ("other", "payment", "order", "error"):
        return ""
    for step in STEPS:
        if not (step.asked.search(question) and MONEY.search(question)):
            continue
        lines = [one.text for one in reading.lines if len(one.text) <= MAX_STATE]
        if step is REFUND:
            lines += [text[:MAX_ESTIMATE] for text in paragraphs(reading)]
        failed = [line for line in lines if step.undone.search(line)]
        done = [line for line in lines if step.done.search(line)]
        for found, answer in ((failed, step.no), (done, step.yes)):
            if found:
                shown = say("as_shown", chinese, status=plain(found[0]))
                text = f"{answer[0]}；" if chinese else f"{answer[1]}; "
                return sentence([text + shown], chinese)
    return ""


def _lead(answer: tuple[str, str], reading: Reading, chinese: bool) -> str:
    text = f"{answer[0]}；" if chinese else f"{answer[1]}; "
    return sentence([text + latest(reading, chinese)], chinese)

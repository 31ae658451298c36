"""What a picture is, in one sentence, by its kind."""

import re

from inference.lite.answering import facts, states, talk
from inference.lite.answering.extracts import best_of, widened
from inference.lite.answering.field_words import PARTIES, called
from inference.lite.answering.markdown import bold, plain
from inference.lite.answering.paragraphs import paragraphs
from inference.lite.answering.phrases import joined, say, sentence
from inference.lite.budget import Budget
from inference.lite.reading import Reading

MAX_LINES = 6  # of a picture of no known kind that are said
LEAST = 2  # words that a line shares with a question that it answers
MAX_LINE = 80  # characters of a line
MAX_SENTENCE = 160  # characters of a sentence that answers
# What a question asks the value of: 取件码多少 · what's the pick-up code?
VALUE_OF = re.compile(
    r"(?P<zh>[\u3400-\u9fff]{2,8}?)(?:码是|是|为|写的是)?(?:多少|什么|啥|几号)"
    r"|\bwhat(?:'s| is| was)(?: the| my)? (?P<en>[a-z][a-z -]{2,30})",
    re.IGNORECASE,
)
SHORTEST_NAME = 2
LEAST_REASON = 8  # characters of a line below an error that says why
VALUE = re.compile(r"\d|[A-Z]{2}")
CASES = re.compile(r"[；;].{0,60}(?:的|不|否则|超过|逾期)")  # 满 7 天的…；不足 7 天的…
PRICE = re.compile(r"\s[¥￥$€£]?\d[\d,]{0,12}\.\d{2}$")  # behind an item of an invoice
CATEGORY = re.compile(r"^\*[^*]{1,40}\*")  # "*家具*" before an item of a Chinese e-invoice


def told(reading: Reading, chinese: bool) -> str:
    """Markdown. "" for a picture without text."""
    if not reading.lines and not reading.fields:
        return ""
    made = {
        "waybill": _waybill,
        "invoice": _invoice,
        "receipt": _receipt,
        "payment": _payment,
        "order": _order,
        "contract": _contract,
        "chat": _chat,
    }.get(facts.kind_of(reading), _other)(reading, chinese)
    return made or _other(reading, chinese) or _listed(reading, chinese)


def headline(reading: Reading) -> str:
    """The line in the largest type: browsers and apps show the main message like that."""
    lines = [line for line in reading.lines if len(line.text) >= 4] or reading.lines
    return max(lines, key=lambda line: line.place[3]).text if lines else ""


def words_of(reading: Reading, chinese: bool) -> str:
    """All text of a picture, a line each; its fields where it has no lines."""
    if not reading.lines:
        return _listed(reading, chinese)
    head = say("shown_text", chinese, lines="").rstrip()
    return f"{head}\n\n" + "\n".join(f"> {plain(line.text)}  " for line in reading.lines)


def lines_about(
    question: str, reading: Reading, chinese: bool, budget: Budget, least: int = LEAST
) -> str:
    """The line of a picture that answers a question about it, "" if none does.

    `least`: words that it shares with the question; the unit that is asked for counts as two.
    """
    kind = facts.kind_of(reading)
    is_chat = kind == "chat"
    least = 1 if kind == "contract" else least
    texts = paragraphs(reading, budget)
    if is_chat:
        texts = list(map(talk.stated, talk.messages(question, reading, budget)))
    found = best_of(widened(question), "\n".join(texts), budget, least=least)
    if kind == "contract":
        found = _whole(found, texts)
    if is_chat and not found:
        found = talk.newest(question, reading, budget)
    shown = joined([f"“{plain(one[:MAX_SENTENCE])}”" for one in found], chinese)
    return sentence([say("shown_text", chinese, lines=shown)], chinese) if found else ""


def _whole(found: list[str], paragraphs: list[str]) -> list[str]:
    """The paragraph of a sentence that a semicolon parts from its other case; else the sentence."""
    whole = [
        next((one for one in paragraphs if said in one and CASES.search(one)), said)
        for said in found
    ]
    return list(
        dict.fromkeys(
            paragraph if len(paragraph) <= MAX_SENTENCE else said
            for paragraph, said in zip(whole, found, strict=True)
        )
    )


def reply_in_chat(
    question: str, reading: Reading, chinese: bool, budget: Budget, least: int = LEAST
) -> str:
    """What the other side of a chat has answered to the same question, "" without one."""
    found = (
        talk.replied(question, reading, budget, least) if facts.kind_of(reading) == "chat" else ""
    )
    quote = f"“{plain(found[:MAX_SENTENCE])}”"
    return sentence([say("shown_text", chinese, lines=quote)], chinese) if found else ""


def line_naming(question: str, reading: Reading, chinese: bool) -> str:
    """The line of a picture that names what the question asks the value of, with a number or a
    code behind the name; "" without one."""
    for match in VALUE_OF.finditer(question):
        named = (match["zh"] or match["en"]).strip().lower().rstrip("了的")
        # 请问取件码 is asked of 取件码.
        starts = range(len(named) - SHORTEST_NAME + 1) if match["zh"] else (0,)
        for name in (named[start:] for start in starts):
            found = _value_of(name, [line.text for line in reading.lines])
            if found:
                quote = f"“{plain(found[:MAX_LINE])}”"
                return sentence([say("shown_text", chinese, lines=quote)], chinese)
    return ""


def failure(reading: Reading) -> str:
    """What has gone wrong, in the picture's words: its message and the reason below it."""
    said = facts.first(reading, "error_text", "status") or headline(reading)
    lines = paragraphs(reading)
    at = next((number for number, text in enumerate(lines) if said and said in text), None)
    why = lines[at + 1] if at is not None and at + 1 < len(lines) else ""
    return f"{said} · {why}" if len(why) >= LEAST_REASON else said


def _value_of(name: str, lines: list[str]) -> str:
    """The line that has a value behind the name, or the name alone with the line after it."""
    for number, text in enumerate(lines):
        at = text.lower().find(name)
        if at < 0:
            continue
        if VALUE.search(text, at + len(name)):
            return text
        after = lines[number + 1] if number + 1 < len(lines) else ""
        if len(text) == len(name) and VALUE.search(after):
            return f"{text} {after}"
    return ""


def _waybill(reading: Reading, chinese: bool) -> str:
    if states.stands(reading):
        return sentence([states.latest(reading, chinese)], chinese)
    number, carrier = facts.first(reading, "waybill_number"), facts.first(reading, "carrier")
    if not number:
        return ""
    if carrier:
        text = say("label", chinese, carrier=plain(carrier), number=bold(number))
    else:
        text = say("label_alone", chinese, number=bold(number))
    return sentence([text], chinese)


def _invoice(reading: Reading, chinese: bool) -> str:
    seller, buyer = facts.first(reading, "seller", "company"), facts.first(reading, "buyer")
    item, more = _items(reading)
    amount = _amount(reading, chinese)
    if chinese:
        of = f"{plain(seller)}开" if seller else ""
        to = f"{'给' if of else '开给'}{plain(buyer)}" if buyer else ("出" if of else "")
        parts = [f"这是{of}{to}的发票" if of or to else ""]
        what = f" 等 {more} 项" if more > 1 else ""
        parts += [f"内容是{plain(item)}{what}" if item else "", amount]
    else:
        text = "This invoice" + (f" from {plain(seller)}" if seller else "")
        text += f" is made out to {plain(buyer)}" if buyer else ""
        parts = [text if buyer else text.replace("This invoice", "This is an invoice")]
        what = f" and {more - 1} more" if more > 1 else ""
        parts += [f"for {plain(item)}{what}" if item else "", amount]
    return sentence([part for part in parts if part], chinese) if seller or buyer or amount else ""


def _receipt(reading: Reading, chinese: bool) -> str:
    company, date = facts.first(reading, "company", "seller"), facts.first(reading, "date")
    parts = [
        f"这是{plain(company)}的小票" if chinese else f"This is a receipt from {plain(company)}"
    ]
    if not company:
        parts = ["这是一张小票" if chinese else "This is a receipt"]
    parts += [_amount(reading, chinese), plain(date)]
    return sentence([part for part in parts if part], chinese)


def _payment(reading: Reading, chinese: bool) -> str:
    amount, status = _amount(reading, chinese), facts.first(reading, "status")
    company = facts.first(reading, "company", "seller")
    order = facts.first(reading, "order_number")
    parts = ["这是一笔付款" if chinese else "This is a payment"]
    if company:
        parts[0] += f"，收款方是{plain(company)}" if chinese else f" to {plain(company)}"
    parts += [amount, _status(status, chinese), _numbered("order_number", order, chinese)]
    return sentence([part for part in parts if part], chinese) if amount or status else ""


def _order(reading: Reading, chinese: bool) -> str:
    number, status = facts.first(reading, "order_number"), facts.first(reading, "status")
    item, more = _items(reading)
    parts = [f"订单 {bold(number)}" if chinese else f"Order {bold(number)}"] if number else []
    if not number:
        parts = ["这个订单" if chinese else "This order"] if status else []
    if status:
        parts[0] += (
            f" 的状态是“{plain(status)}”" if chinese else f" has the status “{plain(status)}”"
        )
    scan = facts.first(reading, "event")
    if scan:
        parts.append(say("latest", chinese, event=plain(scan)))
    if item:
        what = f" 等 {more} 件" if chinese else f" and {more - 1} more"
        parts.append(("商品是" if chinese else "for ") + plain(item) + (what if more > 1 else ""))
    parts.append(_amount(reading, chinese))
    return sentence([part for part in parts if part], chinese) if number or status else ""


def _contract(reading: Reading, chinese: bool) -> str:
    title = plain(headline(reading)[:MAX_LINE])
    parties = [plain(one.field.value) for name in PARTIES for one in facts.party(reading, name)[:1]]
    parts = [
        f"这是一份合同：《{title.strip('《》')}》" if chinese else f"This is a contract: “{title}”"
    ]
    if len(parties) == 2:
        between = f"{parties[0]}与{parties[1]}签订"
        parts.append(between if chinese else f"between {parties[0]} and {parties[1]}")
    parts.append(_amount(reading, chinese))
    return sentence([part for part in parts if part], chinese)


def _chat(reading: Reading, chinese: bool) -> str:
    if not reading.lines:
        return ""
    line = plain(paragraphs(reading)[-1][:MAX_LINE])
    quote = f"“{line}”"
    return sentence([say("last_message", chinese, line=quote)], chinese)


def _other(reading: Reading, chinese: bool) -> str:
    lines = [plain(line.text[:MAX_LINE]) for line in reading.lines if line.text.strip()]
    if not lines:
        return ""
    if len(lines) > MAX_LINES:
        main = plain(headline(reading)[:MAX_LINE])
        lines = [main, *[line for line in lines if line != main]][:MAX_LINES]
    shown = "".join(f"“{line}”" for line in lines)
    if not chinese:
        shown = ", ".join(f"“{line}”" for line in lines)
    return sentence([say("shown_text", chinese, lines=shown)], chinese)


def _items(reading: Reading) -> tuple[str, int]:
    """(the first item without its category and price, how many there are)."""
    items = [fact.field.value for fact in facts.of(reading, "item")]
    named = PRICE.sub("", CATEGORY.sub("", items[0])) if items else ""
    return named, len(items)


def _listed(reading: Reading, chinese: bool) -> str:
    """The fields of a picture that has no lines."""
    kind = facts.kind_of(reading)
    parts = [
        say(
            "one_value", chinese, name=called(name, chinese, kind), value=bold(found[0].field.value)
        )
        for name in dict.fromkeys(one.name for one in reading.fields)
        if (found := facts.of(reading, name))
    ]
    shown = parts[:MAX_LINES]
    return sentence(shown if chinese else [joined(shown, chinese)], chinese)


def _amount(reading: Reading, chinese: bool) -> str:
    found = facts.of(reading, "amount")
    if not found:
        return ""
    # Nothing is paid where the payment failed.
    kind = "other" if states.has_problem(reading) else facts.kind_of(reading)
    name = called("amount", chinese, kind)
    return f"{name} {bold(found[0].field.value)}"


def _status(status: str, chinese: bool) -> str:
    return (
        (f"状态是“{plain(status)}”" if chinese else f"status “{plain(status)}”") if status else ""
    )


def _numbered(name: str, value: str, chinese: bool) -> str:
    return f"{called(name, chinese)} {bold(value)}" if value else ""

"""The sentence that answers a question for fields of a picture."""

import re

from inference.lite.answering import facts, goods, printed, states
from inference.lite.answering.facts import DOUBTED, Fact, Facts
from inference.lite.answering.field_words import called
from inference.lite.answering.lookup import tickets
from inference.lite.answering.markdown import bold, plain
from inference.lite.answering.phrases import joined, say, sentence
from inference.lite.answering.printed_words import TABLE as PRINTED
from inference.lite.answering.questions import is_pure
from inference.lite.reading import Field

DATED = re.compile(r"日期|时间|date|time", re.IGNORECASE)
LABEL_WORD = re.compile(r"(?!日期|时间|date|time)(?:[\u3400-\u9fff]{2}|[a-z]{3,20})")
DATE_WORDS = re.compile(r"日期?|时间|[^\u3400-\u9fff]")
PAPER = re.compile(
    r"\b(?:invoice|order|receipt)\b|订单|发票", re.IGNORECASE
)  # is no date's own word
WRITTEN = ("chat", "contract")  # sentences, of which a field is a part
PARTIES_OF_PARCEL = {"receiver", "sender"}
DEADLINE = re.compile(
    r"\bwhen (?:do|must|should) (?:i|we)\b.{0,12}\bpay|\bpay (?:it )?by\b|最[晚迟]|到期",
    re.IGNORECASE,
)
DUE = re.compile(r"\bdue\b|deadline|pay by|到期|截止|最[晚迟]|期限", re.IGNORECASE)
OF_INVOICE = re.compile(r"开票|发票|开的|invoice|issued", re.IGNORECASE)
BACK = re.compile(r"退|\brefund", re.IGNORECASE)


def told(
    question: str,
    names: tuple[str, ...],
    known: Facts,
    chinese: bool,
    *,
    with_missing: bool = True,
) -> tuple[str, list[str]]:
    """(the sentence with the values, the names of fields that have none).

    `with_missing`: the sentence says what has none.
    """
    clauses: list[str] = []
    missing: list[str] = []
    said: set[str] = set()
    for name in names:
        if name == "phone" and any(map(known.values, PARTIES_OF_PARCEL.intersection(names))):
            continue  # it stands in the party's own lines
        every = _found(question, name, known)
        values = [fact for fact in every if fact.field.value not in said]
        if not every:
            missing.append(called(name, chinese))
        by_name: dict[str, list[Fact]] = {}
        for fact in values:
            by_name.setdefault(fact.name, []).append(fact)
            said.add(fact.field.value)
        clauses += [_clause(same, known, chinese, question) for same in by_name.values()]
        if name == "tax_number" and values:
            clauses += _other_tax_number(values, known, said, chinese)
    if clauses and missing and with_missing:
        clauses.append(say("no_value", chinese, names=joined(missing, chinese)))
    return sentence(clauses if chinese else [joined(clauses, chinese)], chinese), missing


def told_facts(question: str, same: list[Fact], known: Facts, chinese: bool) -> str:
    """The sentence with the values of one name."""
    return sentence([_clause(same, known, chinese, question)], chinese)


def _travelled(question: str, known: Facts) -> list[Fact]:
    """The day of travel on a railway ticket, where the day of the invoice is not asked for."""
    if OF_INVOICE.search(question):
        return []
    return [
        Fact(Field("printed", value, line.box, line.confidence, None, label), "invoice")
        for reading in known.pictures
        for label, value, line in tickets.values(reading, not question.isascii())
        if label in tickets.TRAVELLED
    ][:1]


def _found(question: str, name: str, known: Facts) -> list[Fact]:
    """The values of a field that the question means, best first.

    An amount, or a field that is not known, by the label that the question names word by word.
    """
    values = known.values(name)
    corrected = any(one.field.corrected for one in values)
    if name == "date":
        travelled = [] if corrected else _travelled(question, known)
        return travelled or _meant(question, values)
    if corrected or name in PRINTED:
        return values
    if name in ("amount", "company") or not values:
        is_money = name in ("amount", "amount_without_tax", "tax_amount")
        named = [
            Fact(one, facts.kind_of(reading))
            for reading in known.pictures
            for one in printed.named_by(question, reading, money=is_money)
        ]
        if named:
            return named
    if name == "amount" and not is_pure(question):
        prices = [
            Fact(one, facts.kind_of(reading))
            for reading in known.pictures
            for one in goods.priced(question, reading)
        ]
        if prices:
            return prices[:1]
    if name == "amount" and values and values[0].kind in WRITTEN and not is_pure(question):
        return [one for one in values if _has_word(one.field.label, question)]
    return values


def doubt(fact: Fact, chinese: bool) -> str:
    """The words of doubt about a value, "" if there is none. A person's own value has none."""
    if fact.barcode:
        return say("check_barcode", chinese, other=fact.barcode)
    if fact.field.valid is False:
        return say("check_value", chinese)
    if fact.field.confidence < DOUBTED and not fact.field.corrected:
        return say("unsure_value", chinese)
    return ""


def _clause(values: list[Fact], known: Facts, chinese: bool, question: str = "") -> str:
    """One field with its values, which are all of that field."""
    one = values[0]
    # Nothing is paid where the payment failed.
    failed = one.name == "amount" and any(map(states.has_problem, known.pictures))
    name = called(one.name, chinese, "other" if failed else one.kind)
    if one.name == "printed":
        name = one.field.label
    if one.name == "amount" and BACK.search(question):
        name = say("refund_amount", chinese)
    if one.name == "discount" and len(values) > 1:
        return _discounts(values, chinese, question)
    if one.name == "date" and DATED.search(one.field.label) and _fits(one.field.label, chinese):
        name = one.field.label.lower()  # a date is nothing without its label
    shown = [_shown(fact, known, chinese) for fact in values]
    if len(shown) > 1:
        values_text = joined(shown, chinese)
        return say("many_values", chinese, name=name, count=len(shown), values=values_text)
    text = say("one_value", chinese, name=plain(name), value=shown[0])
    return (say("your_correction", chinese) if one.field.corrected else "") + text


def _discounts(values: list[Fact], chinese: bool, question: str) -> str:
    """Each discount by its label."""
    named = [one for one in values if one.field.label and one.field.label in question]
    listed = [f"{plain(one.field.label)} {bold(one.field.value)}" for one in named or values]
    return joined(listed, chinese)


def _meant(question: str, dates: list[Fact]) -> list[Fact]:
    """The date whose label the question names, else the first. On papers that are sentences no
    other date will do."""
    if DEADLINE.search(question):
        due = [one for one in dates if DUE.search(one.field.label)]
        if due:
            return due[:1]
    fitting = [one for one in dates if _has_word(PAPER.sub("", one.field.label), question)]
    fitting = fitting or [one for one in dates if _has_word(one.field.label, question)]
    near = [one for one in dates if set(DATE_WORDS.sub("", one.field.label)).intersection(question)]
    if dates and dates[0].kind in WRITTEN and not is_pure(question):
        return (fitting or near)[:1]
    return (fitting or near or dates)[:1]


def _has_word(label: str, question: str) -> bool:
    """Whether the question has a word of a label."""
    words = LABEL_WORD.findall(label.lower())
    return any(word in question.lower() for word in words)


def _shown(fact: Fact, known: Facts, chinese: bool) -> str:
    """The value, with its carrier and any doubt in brackets."""
    carrier = ""
    if fact.name == "waybill_number":
        carrier = next((facts.first(reading, "carrier") for reading in known.pictures), "")
    about = ("；" if chinese else "; ").join(filter(None, [plain(carrier), doubt(fact, chinese)]))
    return bold(fact.field.value) + (say("brackets", chinese, about=about) if about else "")


def _other_tax_number(values: list[Fact], known: Facts, said: set[str], chinese: bool) -> list[str]:
    """The buyer's, where the question leaves open whose tax number it means."""
    if values[0].name != "seller_tax_number":
        return []
    others = [one for one in known.values("buyer_tax_number") if one.field.value not in said]
    return [_clause(others, known, chinese)] if others else []


def _fits(label: str, chinese: bool) -> bool:
    """Whether a label of the picture is in the answer's language."""
    return (not label.isascii()) == chinese

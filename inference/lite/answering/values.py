"""The sentence that answers a question for fields of a picture."""

import re

from inference.lite.answering import facts
from inference.lite.answering.facts import DOUBTED, Fact, Facts
from inference.lite.answering.field_words import called
from inference.lite.answering.markdown import bold, plain
from inference.lite.answering.phrases import joined, say, sentence

DATED = re.compile(r"日期|时间|date|time", re.IGNORECASE)
LABEL_WORD = re.compile(r"(?!日期|时间|date|time)(?:[\u3400-\u9fff]{2}|[a-z]{3,20})")


def told(
    question: str, names: tuple[str, ...], known: Facts, chinese: bool
) -> tuple[str, list[str]]:
    """(the sentence with the values, the names of fields that have none)."""
    clauses: list[str] = []
    missing: list[str] = []
    said: set[str] = set()
    for name in names:
        values = [fact for fact in known.values(name) if fact.field.value not in said]
        if name == "date":
            values = _meant(question, values)
        if not values and not known.values(name):
            missing.append(called(name, chinese))
        by_name: dict[str, list[Fact]] = {}
        for fact in values:
            by_name.setdefault(fact.name, []).append(fact)
            said.add(fact.field.value)
        clauses += [_clause(same, known, chinese) for same in by_name.values()]
        if name == "tax_number" and values:
            clauses += _other_tax_number(values, known, said, chinese)
    if clauses and missing:
        clauses.append(say("no_value", chinese, names=joined(missing, chinese)))
    return sentence(clauses if chinese else [joined(clauses, chinese)], chinese), missing


def doubt(fact: Fact, chinese: bool) -> str:
    """The words of doubt about a value, "" if there is none. A person's own value has none."""
    if fact.barcode:
        return say("check_barcode", chinese, other=fact.barcode)
    if fact.field.valid is False:
        return say("check_value", chinese)
    if fact.field.confidence < DOUBTED and not fact.field.corrected:
        return say("unsure_value", chinese)
    return ""


def _clause(values: list[Fact], known: Facts, chinese: bool) -> str:
    """One field with its values, which are all of that field."""
    one = values[0]
    name = called(one.name, chinese, one.kind)
    if one.name == "date" and DATED.search(one.field.label) and _fits(one.field.label, chinese):
        name = one.field.label.lower()  # a date is nothing without its label
    shown = [_shown(fact, known, chinese) for fact in values]
    if len(shown) > 1:
        values_text = joined(shown, chinese)
        return say("many_values", chinese, name=name, count=len(shown), values=values_text)
    text = say("one_value", chinese, name=plain(name), value=shown[0])
    return (say("your_correction", chinese) if one.field.corrected else "") + text


def _meant(question: str, dates: list[Fact]) -> list[Fact]:
    """The date whose label the question names, else the first."""
    asked = question.lower()
    for one in dates:
        words = LABEL_WORD.findall(one.field.label.lower())
        if any(word in asked for word in words):
            return [one]
    return dates[:1]


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

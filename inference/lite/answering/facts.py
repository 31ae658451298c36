"""What is known of a field: its values in the pictures and texts of a conversation."""

from dataclasses import dataclass, replace

from inference.lite.answering import contracts, correcting, printed
from inference.lite.answering.field_words import INSTEAD, NUMBERS, PARTIES
from inference.lite.answering.printed_words import TABLE as PRINTED
from inference.lite.conversation import Conversation
from inference.lite.reading import Field, Reading

DOUBTED = 0.75  # confidence below which a value is said with a doubt
# Fields by which a picture of no known kind is told, the surest first.
SIGNS = (
    ("error", {"error_code"}),
    ("invoice", {"invoice_number", "seller_tax_number", "buyer_tax_number", "train_number"}),
    ("payment", {"transaction_number"}),
    ("waybill", {"event"}),
    ("order", {"order_number"}),
    ("waybill", {"waybill_number"}),
)
PAID = {"amount", "status"}
MOST = 4  # values of one field that are said
# What people mean by "the number" of a picture, where it has one of these.
NUMBER_OF_KIND = {
    "invoice": "invoice_number",
    "order": "order_number",
    "payment": "order_number",
    "chat": "order_number",
    "contract": "contract_number",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """A value of a field.

    `kind` is that of its picture, "" for typed text. `barcode` is what a code of the picture says
    instead.
    """

    field: Field
    kind: str = ""
    barcode: str = ""

    @property
    def name(self) -> str:
        return self.field.name


class Facts:
    """The pictures that a question is about, and the fields that are known beside it.

    The pictures are the question's own, else the newest from before.
    """

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        turns = [turn for turn in reversed(conversation.turns) if turn.readings]
        self.own = conversation.last_user.readings
        self.earlier = turns[0].readings if turns and not self.own else []
        self.corrections = correcting.typed(conversation.turns)

    @property
    def pictures(self) -> list[Reading]:
        return self.own or self.earlier

    def values(self, name: str) -> list[Fact]:
        """The values of a field, best first; [] if none is known."""
        if name in PRINTED:
            return [
                Fact(one, kind_of(reading))
                for reading in self.pictures
                for one in printed.values(reading, name)
            ]
        if name in PARTIES:
            return [fact for reading in self.pictures for fact in party(reading, name)]
        for other in self._names(name):
            typed = self._typed(other)
            if typed:
                return [typed]
            found = (
                _of_pictures(other, self.pictures)
                or self._printed(other)
                or self._from_before(other)
            )
            if found:
                return found
        return []

    def _typed(self, name: str) -> Fact | None:
        """A value that was corrected in a sentence, as one of the pictures' fields."""
        field = self.corrections.fields.get(name)
        if not field and name == self._names("number")[0]:
            field = self.corrections.fields.get("number")
        if not field:
            return None
        kind = kind_of(self.pictures[0]) if self.pictures else ""
        return Fact(replace(field, name=name), kind)

    def _names(self, name: str) -> tuple[str, ...]:
        """The fields in which to look; "number" is whatever number the picture is about."""
        if name != "number":
            return INSTEAD.get(name, (name,))
        kinds = {kind_of(reading) for reading in self.pictures}
        preferred = [number for kind, number in NUMBER_OF_KIND.items() if kind in kinds]
        return tuple(dict.fromkeys([*preferred, *NUMBERS]))

    def _printed(self, name: str) -> list[Fact]:
        return [
            Fact(one, kind_of(reading))
            for reading in self.pictures
            for one in printed.instead(reading, name)
        ]

    def _from_before(self, name: str) -> list[Fact]:
        """The newest value from before. One that the question itself quotes is no answer."""
        before = Conversation(
            self._conversation.turns[:-1], self._conversation.desk, self._conversation.budget
        )
        return [Fact(one) for one in before.known_fields() if one.name == name][:1]


def kind_of(reading: Reading) -> str:
    """The kind of a picture; by its fields where the reader has not said."""
    if reading.kind != "other":
        return reading.kind
    names = {one.name for one in reading.fields}
    if "waybill_number" in names and not names & PAID:
        names.discard("order_number")  # labels of parcels name the order too
    return next((kind for kind, signs in SIGNS if names & signs), "other")


def of(reading: Reading, name: str) -> list[Fact]:
    """The values of a field in one picture, each once, corrected ones alone if there are any."""
    return _of_pictures(name, [reading])


def party(reading: Reading, name: str) -> list[Fact]:
    """The party of a contract: PARTIES says by which labels, and by which field else."""
    labels, field = PARTIES[name]
    named = [one for one in of(reading, "company") if one.field.label.lower() in labels]
    facts = named or of(reading, field)
    if not facts and reading.kind == "contract":
        place = list(PARTIES).index(name)
        facts = [Fact(one, reading.kind) for one in contracts.parties(reading)[place : place + 1]]
    return [replace(one, field=replace(one.field, name=name)) for one in facts]


def first(reading: Reading, *names: str) -> str:
    """The first value of the first of these fields that the picture has, else ""."""
    for name in names:
        for fact in of(reading, name):
            return fact.field.value
    return ""


def _of_pictures(name: str, readings: list[Reading]) -> list[Fact]:
    found: dict[str, Fact] = {}
    for reading in readings:
        fields = [one for one in reading.fields if one.name == name]
        corrected = [one for one in fields if one.corrected]
        if name == "amount" and not corrected:
            # The total has a label or, in large type, none on a payment, and a currency sign; older
            # readings, and those of long pictures, list every amount.
            is_payment = kind_of(reading) == "payment"
            fields = sorted(
                fields,
                key=lambda one: (
                    not (one.label or is_payment),
                    one.value.lstrip("-+")[:1] not in "¥￥$€£",
                ),
            )[:1]
        for one in corrected or fields:
            found.setdefault(one.value, Fact(one, kind_of(reading), _barcode(one, reading)))
    return list(found.values())[:MOST]


def _barcode(one: Field, reading: Reading) -> str:
    """The waybill number of a code that says another one, "" if none does."""
    if one.corrected or one.name != "waybill_number":
        return ""
    value = _letters(one.value)
    texts = [_letters(code.text) for code in reading.codes]
    if any(value in text for text in texts):
        return ""
    return next((text for text in texts if len(text) == len(value)), "")


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.upper()))

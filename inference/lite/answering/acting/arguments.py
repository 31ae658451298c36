"""The arguments of a call: from the question, a correction, the newest pictures, or before.

A value counts only if it is valid by the schema of its property. What tools or pictures say in
words is never a text, a choice or a wish: those come from the person's own messages.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

from inference.lite.answering import facts
from inference.lite.answering.acting import terms, texts, typed
from inference.lite.answering.acting.offers import Offer
from inference.lite.answering.facts import DOUBTED, Fact
from inference.lite.conversation import Conversation, Turn
from inference.lite.errors import LiteError
from inference.lite.field_text import plain
from inference.lite.found import field_meant
from inference.lite.reading import Field
from inference.lite.schema import Schema
from inference.lite.text import normal

MAX_TURNS = 20  # that are looked at, newest first
MAX_CODE = 40  # characters
# A field that a tool does not name is guessed for what identifies a thing, never for a new value.
GUESSED = ("error_code", "phone", "email")  # and the numbers
CHANGED_TO = re.compile(r"新|正确|改[成为]|new|correct", re.IGNORECASE)
FREE = re.compile(r"原因|备注|说明|留言|reason|note|remark|comment", re.IGNORECASE)


class Source(IntEnum):
    """Where a value comes from, the surest first."""

    QUESTION = 0
    CORRECTION = 1
    PICTURE = 2
    BEFORE = 3


@dataclass(frozen=True, slots=True)
class Value:
    """`others`: more values of the same source. `doubted`: a picture's value that is unsure."""

    value: Any
    source: Source
    others: tuple[Any, ...] = ()
    doubted: bool = False


@dataclass(frozen=True)
class Filled:
    """What is known for a tool. `missing`: required properties without a value."""

    offer: Offer
    values: Mapping[str, Value] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    @property
    def arguments(self) -> dict[str, Any]:
        return {name: one.value for name, one in self.values.items()}

    @property
    def source(self) -> Source:
        """The least sure source of a required value."""
        sources = [self.values[name].source for name in self.offer.required if name in self.values]
        return max(sources, default=Source.QUESTION)

    @property
    def states_text(self) -> bool:
        """Whether the question gives a text, and not only numbers and choices."""
        return any(
            name not in self.offer.fields and "enum" not in self.offer.properties[name]
            for name in self.values
        )

    def doubtful(self) -> str:
        """The first property whose value a write must not use, "" if there is none."""
        doubts = (name for name, one in self.values.items() if one.doubted or one.others)
        return next(doubts, "")


class Known:
    """What a conversation knows. `corrected`: fields that were corrected in a sentence. `asked`:
    properties that the last answer asked for; `wished`: the earlier messages that led to it."""

    def __init__(
        self,
        conversation: Conversation,
        corrected: Mapping[str, Field],
        asked: Iterable[str] = (),
        wished: Iterable[str] = (),
    ) -> None:
        self._conversation = conversation
        self._corrected = corrected
        self._asked = frozenset(asked)
        self._texts = [conversation.question, *map(normal, wished)]
        self._subjects = terms.found(terms.SUBJECTS, plain(self._texts[0][: texts.MAX_QUESTION]))
        conversation.known_fields()  # looks for the fields of every turn's text

    def filled(self, offer: Offer) -> Filled | None:
        """None if the tool's schema cannot be used, or what was found is not valid together."""
        budget = self._conversation.budget
        try:
            schema = Schema({**offer.parameters, "type": "object"}, offer.name, budget)
            with schema.usable():
                return self._filled(offer, schema)
        except LiteError:
            budget.check()  # a spent budget ends the turn, a broken schema only this tool
            return None

    def _filled(self, offer: Offer, schema: Schema) -> Filled | None:
        values: dict[str, Value] = {}
        for name in dict.fromkeys([*offer.required, *offer.properties]):
            if found := self._found(offer, name, schema, values):
                values[name] = found
        missing = tuple(name for name in offer.required if name not in values)
        filled = Filled(offer, values, missing)
        return filled if missing or schema.fault(filled.arguments) is None else None

    def _found(
        self, offer: Offer, name: str, schema: Schema, others: Mapping[str, Value]
    ) -> Value | None:
        part = offer.properties.get(name, True)
        if not isinstance(part, dict):
            return None

        def accepts(value: Any) -> bool:
            return schema.accepts(value, part, schema.resolver)

        # One number of a question is not two things.
        used = [other.value for other in others.values() if isinstance(other.value, str)]
        misfits: list[str] = []
        for source, candidates in self._candidates(offer, name, part, others):
            if name not in offer.required and source is not Source.QUESTION:
                return None
            valid: dict[Any, Fact | None] = {}
            for one, fact in candidates:
                fits = next(filter(accepts, _forms(one)), None)
                if fits is not None and fits not in used:
                    valid.setdefault(fits, fact)
                if fits is None and source is Source.QUESTION and isinstance(one, str):
                    misfits.append(one)
            is_typed = source is Source.QUESTION and "pattern" in part
            if is_typed and not valid and (value := self._put_together(accepts, used)):
                return value
            if valid:
                first, *more = valid
                if source is not Source.QUESTION and typed.is_attempt(misfits, first):
                    return None
                return Value(first, source, tuple(more), _doubted(valid[first]))
        return None

    def _put_together(self, accepts: Callable[[Any], bool], used: list[str]) -> Value | None:
        """A code of the question that is written in groups, or with a letter for a digit. What
        stands for a digit is a guess, which a person confirms before a change."""
        text = self._texts[0]
        for found, is_guess in ((typed.spaced(text), False), (typed.corrected(text), True)):
            for code in found:
                if code not in used and accepts(code):
                    return Value(code, Source.QUESTION, doubted=is_guess)
        return None

    def _candidates(
        self, offer: Offer, name: str, part: Mapping[str, Any], others: Mapping[str, Value]
    ) -> Iterator[tuple[Source, list[tuple[Any, Fact | None]]]]:
        """Values by source, the surest source first."""
        members = part.get("enum") or ([part["const"]] if "const" in part else None)
        meant = _field_of(offer, name)
        if members:
            only = members if len(members) == 1 else None
            for text in self._texts:
                yield Source.QUESTION, _alone(only or texts.chosen(text, members))
        elif part.get("format") == "date":
            for text in self._texts:
                yield Source.QUESTION, _alone(texts.days(text))
        elif part.get("type") in ("integer", "number"):
            for text in self._texts:
                found = texts.numbers(text)
                yield Source.QUESTION, _alone(found if len(found) == 1 else [])
        elif meant or "pattern" in part:
            # Without a pattern, a code that is no other field's is the number of what is spoken of.
            is_spoken_of = meant.endswith("_number") and bool(offer.subjects & self._subjects)
            by_pattern = "pattern" in part
            wanted = _wanted(offer, name, by_pattern, by_pattern or is_spoken_of)
            yield from self._marked(wanted, asked=name in self._asked)
        elif part.get("type") == "string":
            yield Source.QUESTION, _alone(self._text(offer, name, others))

    def _text(self, offer: Offer, name: str, others: Mapping[str, Value]) -> list[str]:
        """A text in the person's words: stated, or the reply to the question for it."""
        labels = [*(offer.labels.get(name) or {}).values(), name.replace("_", " ")]
        is_free = any(FREE.search(label) for label in labels)
        alone = not is_free and len(_plain_texts(offer)) == 1
        known = [str(one.value) for one in others.values()]
        for text in self._texts:
            value = texts.without(texts.stated(text, labels, alone=alone), known)
            if value and texts.may_be(value, labels):
                return [value]
        if name not in self._asked:
            return []
        value = texts.replied(self._texts[0], known)
        return [value] if value and texts.may_be(value, labels) else []

    def _marked(
        self, wanted: typed.Wanted, *, asked: bool
    ) -> Iterator[tuple[Source, list[tuple[Any, Fact | None]]]]:
        """Values of a field, or of a pattern, which the caller applies."""
        conversation, meant = self._conversation, wanted.meant
        last = conversation.last_user
        said = replace(wanted, any_code=True, labels=()) if asked else wanted
        yield Source.QUESTION, _typed(last, conversation.question, said)
        for name in filter(None, (meant, "number" if meant.endswith("number") else "")):
            if one := self._corrected.get(name):
                yield Source.CORRECTION, [(one.value, None)]
        yield Source.PICTURE, _shown(last, meant)
        users = [one for one in conversation.turns if one.role == "user" and one is not last]
        for turn in users[::-1][:MAX_TURNS]:
            yield Source.BEFORE, _typed(turn, normal(turn.text[:2_000]), wanted)
            yield Source.BEFORE, _shown(turn, meant)


def _typed(turn: Turn, text: str, wanted: typed.Wanted) -> list[tuple[Any, Fact | None]]:
    return _alone(typed.codes(text, turn.fields or [], wanted))


def _wanted(offer: Offer, name: str, by_pattern: bool, any_code: bool) -> typed.Wanted:
    meant = _field_of(offer, name)
    labels = tuple((offer.labels.get(name) or {name: name}).values())
    likely = meant or field_meant(name, " ".join(labels))
    is_new = bool(CHANGED_TO.search(" ".join([name, *labels])))
    # A property that need not be given takes no code that merely has its form.
    only_behind = labels if name not in offer.required and not meant else ()
    return typed.Wanted(meant, likely, any_code, by_pattern, is_new, only_behind)


def _shown(turn: Turn, meant: str) -> list[tuple[Any, Fact | None]]:
    if not meant:
        return []
    return [(one.field.value, one) for reading in turn.readings for one in facts.of(reading, meant)]


def _alone(values: Iterable[Any]) -> list[tuple[Any, Fact | None]]:
    return [(one, None) for one in values]


def _forms(value: Any) -> list[Any]:
    """The value as it stands, then a code as it is written without spaces."""
    if not isinstance(value, str) or len(value) > MAX_CODE:
        return [value]
    tight = value.replace(" ", "").upper()
    return [value] if tight == value else [value, tight]


def _doubted(fact: Fact | None) -> bool:
    if fact is None or fact.field.corrected:
        return False
    return bool(fact.barcode) or fact.field.valid is False or fact.field.confidence < DOUBTED


def _field_of(offer: Offer, name: str) -> str:
    """The reading's field that fills a property: the tool's own word, else a guess, else ""."""
    if name in offer.fields:
        return offer.fields[name]
    label = " ".join((offer.labels.get(name) or {}).values())
    guess = "" if CHANGED_TO.search(f"{name} {label}") else field_meant(name, label)
    return guess if guess.endswith("_number") or guess in GUESSED else ""


def _plain_texts(offer: Offer) -> list[str]:
    """The properties that take any text, without those for a reason or note."""
    return [
        name
        for name, part in offer.properties.items()
        if isinstance(part, dict)
        and part.get("type") == "string"
        and not {"enum", "const", "pattern", "format"} & part.keys()
        and not _field_of(offer, name)
        and not FREE.search(" ".join([name, *(offer.labels.get(name) or {}).values()]))
    ]

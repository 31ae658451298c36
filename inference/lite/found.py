"""Finds values for named parameters in the question, the readings and earlier turns."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from inference.lite.conversation import MAX_SEARCHED, MAX_SEARCHED_IN_ALL, Conversation
from inference.lite.patterns import first_match
from inference.lite.shape import Shape
from inference.lite.text import pieces

MAX_NAME = 2_000  # characters of a name, and of its description, that are searched
FIELD_OF_PARAMETER = (
    ("waybill_number", ("waybill", "tracking", "shipment", "运单", "快递", "物流")),
    ("transaction_number", ("transaction", "交易单号", "流水号")),
    ("seller_tax_number", ("seller_tax", "seller's tax", "销售方税号", "销方税号")),
    ("buyer_tax_number", ("buyer_tax", "buyer's tax", "购买方税号", "购方税号")),
    ("tax_number", ("tax_id", "tax_number", "税号", "纳税人")),
    ("seller", ("seller", "销售方", "卖方")),
    ("buyer", ("buyer", "购买方", "抬头")),
    ("train_number", ("train", "车次")),
    ("amount_without_tax", ("without_tax", "net_amount", "不含税")),
    ("tax_amount", ("tax_amount", "税额")),
    ("order_number", ("order", "订单")),
    ("invoice_number", ("invoice", "发票")),
    ("error_code", ("error", "code", "错误")),
    ("phone", ("phone", "mobile", "手机", "电话")),
    ("email", ("email", "mail", "邮箱")),
    ("amount", ("amount", "price", "金额")),
    ("date", ("date", "日期")),
    ("carrier", ("carrier", "courier", "承运")),
)
DIGITS = re.compile(r"\d{1,15}(?:\.\d{1,6})?")
NUMBER = re.compile(
    r"([-+]?)(?:[¥¥$€£]|CNY|RMB|USD)?\s?(\d{1,3}(?:[,,]\d{3}){1,5}"
    r"|\d{1,15})(\.\d{1,6})?\s?(?:元|CNY|RMB|USD)?"
)
DAY = re.compile(r"(\d{4})\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})\s?日?")


@dataclass(frozen=True, slots=True)
class Source:
    """One text of the conversation, prepared for the searches."""

    pieces: tuple[str, ...]  # short enough for patterns
    lowered: str
    numbers: frozenset[str]


class Finder:
    """Prepares each text of a conversation once, for all parameters of all tools."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation

    def __call__(self, name: str, shape: Shape) -> Iterator[Any]:
        """Values for a parameter of this name, best first. They may not be valid."""
        if not any(map(shape.allows, ("string", "integer", "number"))):
            return
        if shape.members is not None:
            yield from self._members(shape.members)
            return
        texts = self._matches(shape.patterns) if shape.patterns else self._known(name, shape)
        for text in texts:
            yield from _typed(text, shape)

    @cached_property
    def _sources(self) -> list[Source]:
        """The question, its pictures' text, then earlier turns, newest first."""
        last = self._conversation.last_user
        earlier = [
            turn
            for turn in reversed(self._conversation.turns)
            if turn is not last and turn.role == "user"
        ]
        sources = []
        left = MAX_SEARCHED_IN_ALL
        readings = self._conversation.readings
        corrected = "\n".join(
            one.value for reading in readings for one in reading.fields if one.corrected
        )
        for turn in (last, *earlier):
            read = (reading.text for reading in turn.readings)
            for text in (turn.text, *([corrected] if turn is last else []), *read):
                self._conversation.budget.check()
                text = text[: min(MAX_SEARCHED, left)]
                left -= len(text)
                if text:
                    sources.append(
                        Source(tuple(pieces(text)), text.lower(), frozenset(DIGITS.findall(text)))
                    )
        return sources

    def _members(self, members: tuple[Any, ...]) -> Iterator[Any]:
        """The members of an enumeration that a text contains, newest text first."""
        for source in self._sources:
            for member in members:
                self._conversation.budget.check()
                if isinstance(member, str):
                    if member and member.lower() in source.lowered:
                        yield member
                elif (
                    isinstance(member, (int, float))
                    and not isinstance(member, bool)
                    and str(member) in source.numbers
                ):
                    yield member

    def _matches(self, patterns: tuple[str, ...]) -> Iterator[str]:
        for source in self._sources:
            for pattern in patterns:
                found = first_match(pattern, source.pieces, self._conversation.budget)
                if found is not None:
                    yield found

    def _known(self, name: str, shape: Shape) -> Iterator[str]:
        """Without a pattern: the fields that the parameter's name and description mean."""
        more = f"{shape.rule('title') or ''} {shape.rule('description') or ''}"
        for field in _fields_meant(name, more):
            yield from (known.value for known in self._fields if known.name == field)

    @cached_property
    def _fields(self) -> list[Any]:
        """The conversation's fields; those that fail their check last."""
        return sorted(self._conversation.known_fields(), key=lambda one: one.valid is False)


def field_meant(name: str, more: str) -> str:
    """The field that a parameter of this name and description means best, "" if none."""
    return next(_fields_meant(name, more), "")


def _fields_meant(name: str, more: str) -> Iterator[str]:
    for spoken in (name[:MAX_NAME].lower(), more[:MAX_NAME].lower()):
        for field, words in FIELD_OF_PARAMETER:
            if any(word in spoken for word in words):
                yield field


def _typed(text: str, shape: Shape) -> Iterator[Any]:
    if shape.allows("string"):
        if shape.rule("format") == "date" and (day := DAY.match(text)):
            yield f"{day[1]}-{int(day[2]):02}-{int(day[3]):02}"
        yield text
    if shape.types is not None and (shape.allows("integer") or shape.allows("number")):
        yield from _numbers(text)


def _numbers(text: str) -> Iterator[int | float]:
    """The number that a text consists of, as an integer if it is one. Commas separate thousands."""
    match = NUMBER.fullmatch(text.strip())
    if match:
        sign, whole, fraction = match.groups()
        value = float(f"{sign}{re.sub('[,,]', '', whole)}{fraction or ''}")
        yield int(value) if value.is_integer() else value

"""The form of fields.yaml. A wrong rule raises pydantic's ValidationError or PatternError."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from inference.lite.checks import CHECKS
from inference.lite.field_text import plain
from inference.lite.patterns import re2_of

MAX_WORDS = 2_000  # in one list
MAX_WORD = 60  # characters of a label or sign
MAX_RULE_PATTERN = 600  # characters


def _stripped(word: str) -> str:
    word = word.strip()
    if not plain(word).strip():
        raise ValueError("a word must not be blank: it would be found everywhere")
    return word


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
Word = Annotated[str, Field(max_length=MAX_WORD), AfterValidator(_stripped)]
Words = Annotated[list[Word], Field(max_length=MAX_WORDS)]
Kinds = Literal[
    "waybill", "invoice", "receipt", "payment", "order", "error", "chat", "contract", "other"
]


def _runs_in_re2(pattern: str) -> str:
    re2_of(pattern)
    return pattern


def _known_check(name: str | None) -> str | None:
    if name is not None and name not in CHECKS:
        raise ValueError(f"unknown check {name!r}; there are {', '.join(sorted(CHECKS))}")
    return name


Pattern = Annotated[str, Field(max_length=MAX_RULE_PATTERN), AfterValidator(_runs_in_re2)]
CheckName = Annotated[str | None, AfterValidator(_known_check)]


class Strict(BaseModel):
    """A part of fields.yaml. Unknown keys are errors, so that a typing error is found."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class KindRule(Strict):
    """The signs of a kind of paper, and the fields that matter on it."""

    sure: Words = []
    strong: Words = []
    weak: Words = []
    fields: list[Name] = []


class Labels(Strict):
    """Words that stand before a value, by language."""

    zh: Words = []
    en: Words = []


class FieldRule(Strict):
    """How a field is called, labelled and written."""

    zh: str = ""
    en: str = ""
    same_as: Name | None = Field(default=None, alias="as")  # the field that a value becomes
    labels: Labels = Labels()
    pattern: Pattern | None = None  # or the name of one of `patterns`
    read: Literal["date", "waybill", "name"] | None = None
    check: CheckName = None
    joined: bool = False
    ranked: bool = False
    suffix: bool = False
    vague: Words = []
    forms: list[Pattern] = []
    forms_on: dict[Kinds, list[Pattern]] = {}


class CarrierRule(Strict):
    """A carrier's names and the forms of its numbers."""

    names: Words
    prefix: Annotated[str, Field(pattern=r"^[A-Z0-9]{1,6}$")] | None = None
    forms: list[Pattern] = []
    forms_check: CheckName = None
    bare: list[Pattern] = []
    bare_check: CheckName = None


# The sections of a file and the rule of one entry.
SECTIONS: dict[str, type[Any]] = {
    "kinds": KindRule,
    "fields": FieldRule,
    "carriers": CarrierRule,
}
LISTS = ("scans", "failures", "stops")

"""Finds labelled values, and values whose form says what they are."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from inference.lite.carriers import number_at, numbers_in
from inference.lite.checks import CHECKS, DAY, DECISIVE, PHONE
from inference.lite.dates import date_at, dates_in
from inference.lite.field_rules import FieldRule
from inference.lite.field_text import compact, plain
from inference.lite.paper import COLON, Hit, Paper, Written, next_label, rest
from inference.lite.reading import Field

MAX_FIELDS = 200  # in one text or picture
HTTP_ERROR = re.compile(r"http\s?error\s?\d{3}", re.IGNORECASE)
AFTER_LABEL = re.compile(r"(?:信息|名称|号码|编号)?[\s:]{0,9}")
NAME_END = re.compile(r"\s{2,8}|[,;|。;]")
NAME = re.compile(r"[\w(（][\w()（）·&.,' \-]{1,59}")
LETTER = re.compile(r"[^\W\d_]")
STAMP = re.compile(r"[\s()（）盖公签章字]{1,12}")  # where a stamp or a signature belongs
TABLE_WORDS = frozenset(("数量", "单价", "小计", "规格型号", "qty", "quantity", "unitprice"))
# A clause of a contract ("1. Equipment."), or a firm's tax number.
NO_NAME = re.compile(r"\A(?:\d{1,2}\.\s|[0-9A-Z]{0,12}\d{6}[0-9A-Z]{0,14}$)")
LONG_LABEL = 12  # characters of a label with a word before it: 微信支付交易单号
# An order number of nothing but so many digits is the payment's own number.
TRANSACTION_DIGITS = 26


@dataclass(frozen=True, slots=True)
class Found:
    """A field, where its line is, and how good its label is (0: best)."""

    field: Field
    line: Written
    rank: int = 0


@dataclass(slots=True)
class Search:
    """The fields found so far on one paper. `ocr`: letters may have been misread."""

    paper: Paper
    ocr: bool
    named: frozenset[str]  # carriers that the paper names
    found: list[Found] = field(default_factory=list)

    def labelled(self) -> None:
        """Values by their labels: behind them, beside them, below them."""
        for line in self.paper.lines:
            self.paper.check()
            for hit in line.hits:
                if hit.field and len(self.found) < MAX_FIELDS:
                    self._label(line, hit)

    def formed(self, kind: str | None) -> None:
        """Values that need no label, for a paper of this kind (None: on every paper)."""
        compacts = [compact(one.field.value) for one in self.found]
        for line in self.paper.lines:
            self.paper.check()
            if len(self.found) >= MAX_FIELDS:
                return
            has_form = self.paper.catalog.form_sign.search(line.text) is not None
            for name, where, pattern in self.paper.catalog.forms if has_form else ():
                if where == kind:
                    self._forms(line, name, pattern, compacts)
            if kind is None:
                self._dates(line)
                self._waybills(line)
                self._carrier(line)

    def add(
        self,
        name: str,
        value: str,
        line: Written,
        span: tuple[int, int],
        *,
        label: str = "",
        rank: int = 0,
        valid: bool | None = None,
        doubt: float = 1.0,
    ) -> bool:
        """Keeps a value, once. `doubt` lowers the line's confidence."""
        line.taken.append(span)
        for place, other in enumerate(self.found):
            if other.field.name == name and compact(other.field.value) == compact(value):
                if rank < other.rank:
                    self.found[place] = replace(other, rank=rank)
                return True
        if len(self.found) >= MAX_FIELDS:
            return False
        confidence = round(line.line.confidence * doubt, 3)
        made = Field(name, value, line.line.box, confidence, valid, label)
        self.found.append(Found(made, line, rank))
        return True

    def values(self, name: str) -> list[str]:
        return [one.field.value for one in self.found if one.field.name == name]

    def drop(self, wrong: "list[Found]") -> None:
        self.found = [one for one in self.found if not any(one is other for other in wrong)]

    def _label(self, line: Written, hit: Hit) -> None:
        rule = self.paper.catalog.fields[hit.field]
        text, start, separated = rest(line, hit)
        if text and self._take(line, start, hit, rule, separated):
            return
        if AFTER_LABEL.fullmatch(text) and (
            hit.start <= 1 or line.text[hit.start - 1] in " |(" or len(line.text) <= LONG_LABEL
        ):
            for other in self._near(line, hit):
                if self._take(other, 0, hit, rule, separated=True):
                    return

    def _near(self, line: Written, hit: Hit) -> Iterator[Written]:
        """The lines where a label's value may be: those of its stack; else beside it up to the
        next label, else below."""
        if stacked := self.paper.stacked(line):
            yield from stacked
            return
        for other in self.paper.beside(line)[:2]:
            if other.leads:
                break
            yield other
        below = self.paper.below(line)[:1]
        if below and not below[0].leads and not self._heads_items(line, hit):
            left = self.paper.row_of(below[0])
            before = left[: left.index(below[0])]
            if not (before and before[-1].is_label and before[-1].hits[-1].field):
                yield below[0]

    def _heads_items(self, line: Written, hit: Hit) -> bool:
        """Whether a money label is the head of a table of goods."""
        if self.paper.catalog.fields[hit.field].pattern not in ("money", "sign_money", "rate"):
            return False
        row = self.paper.row_of(line)
        return any(other.key in TABLE_WORDS for one in row for other in one.hits)

    def _take(self, line: Written, start: int, hit: Hit, rule: FieldRule, separated: bool) -> bool:
        name = rule.same_as or hit.field
        text = line.text[start:]
        offset = len(text) - len(text.lstrip())
        start, text = start + offset, text[offset:]
        if not text or not line.is_free(start, start + 1):
            return False
        if rule.read == "waybill":
            return self._take_waybill(line, start, hit)
        if rule.read == "date":
            moment = date_at(text)
            value, end = (moment.value, moment.end) if moment else ("", 0)
        elif rule.read == "name":
            value = self._name(line, start, hit) if separated else ""
            end = len(value)
        else:
            if rule.pattern == "word" and not separated:
                return False
            match = self.paper.catalog.values[hit.field].search(text)
            value, end = (match.group(1), match.end(1)) if match else ("", 0)
        if rule.joined:
            value = re.sub(r"\s", "", value)
        if not value or plain(value) in self.paper.catalog.labels:
            return False
        valid = CHECKS[rule.check](value) if rule.check else None
        name = self._meant(name, value, hit)
        if valid is False and (rule.check in DECISIVE or not _plausible(name, value)):
            return False
        if name == "error_code" and self._is_part(value):
            return True
        return self.add(
            name, value, line, (start, start + end), label=hit.word, rank=hit.rank, valid=valid
        )

    def _take_waybill(self, line: Written, start: int, hit: Hit) -> bool:
        number = number_at(line.text[start:], self.named, self.paper.catalog, self.ocr)
        if number is None:
            return False
        doubt = 0.5 if number.repaired and number.valid is None else 1.0
        return self.add(
            "waybill_number",
            number.value,
            line,
            (start + number.start, start + number.end),
            label=hit.word,
            valid=number.valid,
            doubt=doubt,
        )

    def _meant(self, name: str, value: str, hit: Hit) -> str:
        """A vague label's field by its value: 单号 is a carrier's number if its form says so."""
        if name != "order_number":
            return name
        if value.isdigit() and len(value) >= TRANSACTION_DIGITS:
            return "transaction_number"
        if hit.key == "单号" and next(
            numbers_in(value, frozenset(), self.paper.catalog, ocr=False), None
        ):
            return "waybill_number"
        return name

    def _name(self, line: Written, start: int, hit: Hit) -> str:
        """A name up to the next label. A label's own words, or a sentence, are no name."""
        # 甲方在收到发票后…: without a mark between them these are one sentence.
        is_marked = COLON.match(line.text, hit.end) or line.text[hit.end : hit.end + 1] in (
            " ",
            "(",
        )
        if hit in line.hits and not is_marked:
            return ""
        text = line.text[start : next_label(line, start)]
        end = NAME_END.search(text)
        text = (text[: end.start()] if end else text).strip(" :")
        match = NAME.fullmatch(text)
        is_named = match and LETTER.search(text) and not STAMP.fullmatch(text)
        return text if is_named and not NO_NAME.match(text) else ""

    def _is_part(self, value: str) -> bool:
        return any(
            value in one.field.value
            for one in self.found
            if one.field.name in ("error_code", "order_number")
        )

    def _forms(
        self, line: Written, name: str, pattern: "re.Pattern[str]", compacts: list[str]
    ) -> None:
        rule = self.paper.catalog.fields[name]
        for match in pattern.finditer(line.text):
            group = 1 if match.re.groups else 0
            value, (start, end) = match.group(group), match.span(group)
            if name == "phone":
                value = re.sub(r"[^\d*]$", "", value)
                end = start + len(value)
            if name == "error_code" and HTTP_ERROR.fullmatch(value):
                value = f"HTTP ERROR {value[-3:]}"
            if (
                not value
                or not line.is_free(start, end)
                or any(compact(value) in other for other in compacts)
            ):
                continue
            kept = re.sub(r"[ -]", "", value) if name == "phone" else value.strip()
            valid = CHECKS[rule.check](kept) if rule.check else None
            self.add(name, kept, line, (start, end), valid=valid, rank=50)
            compacts.append(compact(kept))

    def _dates(self, line: Written) -> None:
        for moment in dates_in(line.text):
            if line.is_free(moment.start, moment.end):
                valid = CHECKS["date"](moment.value)
                self.add(
                    "date", moment.value, line, (moment.start, moment.end), valid=valid, rank=50
                )

    def _waybills(self, line: Written) -> None:
        text = line.text
        for number in numbers_in(text, self.named, self.paper.catalog, self.ocr):
            if line.is_free(number.start, number.end):
                doubt = 0.5 if number.repaired and number.valid is None else 1.0
                self.add(
                    "waybill_number",
                    number.value,
                    line,
                    (number.start, number.end),
                    valid=number.valid,
                    doubt=doubt,
                )

    def _carrier(self, line: Written) -> None:
        if self.values("carrier"):
            return
        for start, end, _ in named_carriers(line.plain, self.paper):
            self.add("carrier", line.text[start:end], line, (start, end))
            return


def named_carriers(text: str, paper: Paper) -> Iterator[tuple[int, int, str]]:
    """(start, end, carrier) of the carriers that a text, as `plain` writes it, names."""
    for match in paper.catalog.carrier_names.finditer(text):
        start, end = match.span()
        before, after = text[start - 1 : start], text[end : end + 1]
        if match.group(0).isascii() and (
            (before.isascii() and before.isalnum()) or (after.isascii() and after.isalpha())
        ):
            continue
        yield start, end, paper.catalog.carrier_of[re.sub(r"\s", "", match.group(0))]


def _plausible(name: str, value: str) -> bool:
    """Whether a value that fails its check is still worth showing, as not valid."""
    if name in ("order_number", "transaction_number", "contract_number"):
        bare = re.sub(r"[-_ ]", "", value)
        digits = sum(character.isdigit() for character in value)
        return digits >= 4 and not (
            DAY.fullmatch(value) or DAY.fullmatch(bare) or PHONE.fullmatch(bare)
        )
    return True

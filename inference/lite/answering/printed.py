"""What papers print that is no field of the reader: change, discounts, postage, who sent a parcel.

Each is known by the words of its label. `named_by` finds any other label that a question names.
"""

import re
from dataclasses import replace

from inference.lite.answering import addresses, goods
from inference.lite.answering.field_words import FIELDS
from inference.lite.answering.pairs import Pair, pairs_of
from inference.lite.answering.printed_words import OF_FIELDS, TABLE
from inference.lite.reading import Field, Reading, rows

CAPITALS = re.compile(r"[零壹贰叁肆伍陆柒捌玖拾佰仟万亿圆元角分整正]{3,40}")
CARD = re.compile(
    r"[\u3400-\u9fff]{2,8}[（(]?(?:储蓄卡|信用卡|借记卡)\s?[（(]?\s?(?:尾号)?\s?\d{4}[)）]?"
    r"|(?:visa|mastercard|amex|american express|card)\W{1,3}(?:ending in|ending|x{2,4}|\*{2,4})\s?\d{4}",
    re.IGNORECASE,
)
WEIGHT = re.compile(
    r"\d{1,5}(?:\.\d{1,3})?\s?(?:kgs?|公斤|千克|lbs?|克|g)(?![A-Za-z])", re.IGNORECASE
)
INVOICE_TYPE = re.compile(
    r"[\u3400-\u9fff]{0,6}[（(]?(?:增值税)?(?:电子)?(?:普通|专用)发票[)）]?|[（(]?铁路电子客票[)）]?"
)
METHOD = re.compile(
    r"微信(?:支付)?|支付宝|云闪付|数字人民币|现金|花呗|余额宝|加油卡|医保账户|医保卡|会员卡|银行卡|刷卡|信用卡|储蓄卡|零钱|cash|card|visa|mastercard|paypal"
    r"|apple pay",
    re.IGNORECASE,
)
# An amount by its short name: 实收 of 实收金额.
SHORT_SUM = re.compile(r"([实应][付收退])(?:金额|总额|款)")
SAVED = re.compile(
    r"(?:you(?:'ve)? saved|(?:节省|立省|已省|共省))[:：]?\s?(?P<value>[¥￥$€£]?\s?\d{1,6}\.\d{2})",
    re.IGNORECASE,
)
UNITS = "升|公斤|千克|斤|吨|度|立方米|平方米|平米|米|小时|天|晚|个月|kg|kWh"
UNIT_ASKED = re.compile(
    rf"多少钱?一({UNITS})|[一每]({UNITS})(?:要|是)?多少|(?:多少|几)({UNITS})(?![\u3400-\u9fff]{{0,2}}前)"
)
PER_UNIT = re.compile(rf"\d\s?元?\s?/\s?({UNITS})$")
IN_UNIT = re.compile(rf"^\d[\d.,]{{0,12}}\s?({UNITS})$")
JOINED = re.compile(r"[及、/和]")  # 开户行及账号


def values(reading: Reading, name: str) -> list[Field]:
    """What the picture prints of one of TABLE, from top to bottom."""
    if name in ("receiver", "sender"):
        return addresses.party(reading, name)
    if name == "amount_in_words":
        return _in_words(reading)
    label = TABLE[name].label
    pairs = [one for one in pairs_of(reading) if label is not None and label.fullmatch(one.key)]
    if name in ("change", "discount", "shipping", "fee"):
        pairs = [one for one in pairs if one.is_money]
    if name == "weight":
        pairs = [one for one in pairs if WEIGHT.search(one.value)]
    if name == "payment_method" and not pairs:
        pairs = _found(reading, CARD) or [
            Pair(TABLE[name].zh, one.label, one.line)
            for one in pairs_of(reading)
            if one.is_money and METHOD.fullmatch(one.key)
        ]
    if name == "discount" and not pairs:
        pairs = _found(reading, SAVED)
    if name == "invoice_type" and not pairs:
        pairs = _found(reading, INVOICE_TYPE)
    if name == "weight" and not pairs:
        pairs = _found(reading, WEIGHT)
    return [_field(name, one) for one in pairs]


def _found(reading: Reading, pattern: "re.Pattern[str]") -> list[Pair]:
    """What stands without a label in a line or a row and has this form, once."""
    joined = [
        replace(row[0], text=" ".join(line.text for line in row))
        for row in rows(reading.lines)
        if len(row) > 1
    ]
    for line in [*reading.lines, *joined]:
        if match := pattern.search(line.text):
            value = match.groupdict().get("value") or match[0]
            return [Pair("", value.strip("（()） "), line)]
    return []


def instead(reading: Reading, name: str) -> list[Field]:
    """A field that the reader has not found, by the labels of some screens."""
    label = OF_FIELDS.get(name)
    pairs = pairs_of(reading) if label else []
    found = [_field(name, one) for one in pairs if label and label.fullmatch(one.key)][:1]
    if name == "item" and not found:
        return goods.sold(pairs)
    if name in ("seller", "company") and not found:
        return goods.firm(reading, name)
    return found


def named_by(question: str, reading: Reading, *, money: bool = False) -> list[Field]:
    """The values of the longest label of the picture that the question has word by word.

    `money`: only amounts.
    """
    if measured := _measured(question, reading):
        return measured
    asked = re.sub(r"\s", "", question.lower())
    found = [
        one
        for one in pairs_of(reading)
        if any(len(part) >= 2 and part in asked for part in _words_of(one))
        and (one.is_money or not money)
        and not _asks_other(question, one)
    ]
    longest = max((len(one.key) for one in found), default=0)  # the most exact
    return [_field("printed", one) for one in found if len(one.key) == longest][:1]


def _measured(question: str, reading: Reading) -> list[Field]:
    """The value of the unit that is asked for: 多少升 is 36.95 升, 多少钱一升 is 8.12 元/升."""
    pairs = pairs_of(reading)
    for price, each, amount in UNIT_ASKED.findall(question):
        unit = price or each or amount
        of_unit = PER_UNIT if price or each else IN_UNIT
        found = [one for one in pairs if (match := of_unit.search(one.value)) and match[1] == unit]
        if found:
            return [_field("printed", one) for one in found[:1]]
    return []


def _words_of(pair: Pair) -> list[str]:
    """The words by which a label is asked for."""
    short = SHORT_SUM.fullmatch(pair.key)
    return [*JOINED.split(pair.key), *([short[1]] if short else [])]


def _asks_other(question: str, pair: Pair) -> bool:
    """Whether a label of TABLE is a part of another word of the question: 退货运费."""
    return any(
        printed.label is not None
        and printed.label.fullmatch(pair.key)
        and not FIELDS[name].asks.search(question)
        for name, printed in TABLE.items()
    )


def _field(name: str, pair: Pair) -> Field:
    return Field(name, pair.value, pair.line.box, pair.line.confidence, None, pair.label)


def _in_words(reading: Reading) -> list[Field]:
    found = []
    for line in reading.lines:
        match = CAPITALS.search(re.sub(r"\s", "", line.text))
        if match and any(unit in match[0] for unit in "圆元"):
            found.append(Field("amount_in_words", match[0], line.box, line.confidence))
    return found[:1]

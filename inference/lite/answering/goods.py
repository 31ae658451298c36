"""What a receipt, an order or an invoice sells, at which price, and whose it is."""

import re

from inference.lite.answering.extracts import shared
from inference.lite.answering.pairs import Pair, pairs_of
from inference.lite.answering.printed_words import OF_FIELDS, TABLE
from inference.lite.reading import Field, Line, Reading, in_rows

PRICED = re.compile(r"\s([¥￥$€£]?\d[\d,]{0,12}\.\d{2})$")
# Who a receipt or an invoice without labels is from.
FIRM = re.compile(
    r"[\w（）()·]{4,30}(?:公司|商行|经营部|中心|工作室|超市|便利店|医院|诊所|药[房店]|宾馆|学校|书店|门诊部|餐厅|饭店|酒店|旗舰店|专卖店)"
)
NAME = re.compile(r"(?!.{0,12}(?:成功|失败|账单|详情|支付|付款|转账))[^\d:：]{3,30}")
TOTAL = re.compile(r"合计|总[计额价]|小计|实[付收]|应[付收]|金额|total|amount|^items?$")
GENERAL = re.compile(
    r"订单|商品|东西|快递|包裹|发票|小票|一共|总共|多少钱?|最后|实际|付了?|花了?|\b(?:how much|order|item|cost|price|total)\b",
    re.IGNORECASE,
)
# Labels of amounts that are no goods.
NO_GOODS = [each.label for each in TABLE.values() if each.label] + [OF_FIELDS["tax_amount"]]


def priced(question: str, reading: Reading) -> list[Field]:
    """The price of goods that the question names by a word of theirs."""
    goods = reading.kind != "invoice"
    pairs = [one for one in pairs_of(reading) if goods and one.is_money]
    pairs = [one for one in pairs if not TOTAL.search(one.key)]
    pairs += [
        Pair(PRICED.sub("", one.value), price[1], Line("", one.box, one.confidence))
        for one in reading.fields
        if one.name == "item" and (price := PRICED.search(one.value))
    ]
    best = max(pairs, key=lambda one: len(shared(question, one.label)), default=None)
    if best is None or not shared(GENERAL.sub(" ", question), best.label):
        return []
    return [Field("printed", best.value, best.line.box, best.line.confidence, None, best.label)]


def sold(pairs: list[Pair]) -> list[Field]:
    """What has a price and stands above the totals."""
    made = []
    for one in pairs:
        if TOTAL.search(one.key):
            break
        if one.is_money and not any(label.fullmatch(one.key) for label in NO_GOODS):
            made.append(Field("item", one.label, one.line.box, one.line.confidence))
    return made


def _above_amount(reading: Reading) -> list[Line]:
    """The name right above the amount of a payment."""
    lines = in_rows(reading.lines)
    sums = [one.box for one in reading.fields if one.name == "amount" and not one.label]
    at = next((number for number, line in enumerate(lines) if line.box in sums), 0)
    above = lines[at - 1 : at] if at else []
    return [line for line in above if NAME.fullmatch(line.text.strip())]


def firm(reading: Reading, name: str) -> list[Field]:
    """The name that a receipt begins with, or the firm that an invoice or payment shows."""
    if reading.kind not in ("receipt", "invoice", "payment"):
        return []
    lines = [line for line in in_rows(reading.lines) if len(line.text.strip()) >= 2]
    known = {one.value for one in reading.fields if one.name == "buyer"}
    firms = [line for line in lines if FIRM.fullmatch(line.text.strip())]
    firms = [line for line in firms if line.text.strip() not in known]
    if reading.kind == "payment" and not firms:
        firms = _above_amount(reading)
    if reading.kind == "receipt":
        firms = firms[:1] if firms[:1] == lines[:1] else lines[:1]
    return [Field(name, one.text.strip(), one.box, one.confidence) for one in firms[:1]]

"""What was taken off in all, what was paid in the end, and what is left to pay."""

import itertools
import re
from collections.abc import Sequence
from decimal import Decimal

from inference.lite.answering.lookup.computed.amounts import (
    Amount,
    amount_in,
    amounts_of,
    money_text,
    same_currency,
)
from inference.lite.answering.markdown import bold, plain
from inference.lite.answering.phrases import joined, say
from inference.lite.budget import Budget
from inference.lite.reading import Reading

OFF = re.compile(
    r"便宜|优惠|减免?|省|抵扣?|折扣|\bsav|discount|\boff\b|coupon|cheaper", re.IGNORECASE
)
ALL = re.compile(
    r"一共|总共|合计|加起来|[总共](?:优惠|省|减|便宜)|\b(?:total|altogether|in all|together|add up|overall)\b",
    re.IGNORECASE,
)
TAKEN_OFF = re.compile(
    r"优惠|[立直]减|立省|满减|满\d+减|折扣|抵扣|抵用|券|红包|减免|抹零|会员价|特惠|discount|coupon|voucher|promo|saving|% off|\bcode\b|loyalty|rebate",
    re.IGNORECASE,
)
NOT_OFF = re.compile(
    r"退|押金|找零|余额|refund|change|deposit|balance|paid|支付|储值", re.IGNORECASE
)
IN_ALL = re.compile(r"[总共合]|\btotal\b|\byou saved\b", re.IGNORECASE)
ROUNDING = re.compile(r"抹零|舍入|rounding", re.IGNORECASE)
ADDED = re.compile(
    r"运费|配送|打包|包装费?|服务费|税|shipping|postage|delivery|packing|service|\btax\b|\bvat\b",
    re.IGNORECASE,
)
NET = re.compile(
    r"(?:扣|除|减|去|刨)(?:掉|去|了|除|开)?[^，。]{0,4}退|退(?:款|掉|完|了)?(?:的)?(?:之?后|以后|完)"
    r"|\b(?:after|minus|less|net of|without) (?:the |my )?(?:partial )?refund",
    re.IGNORECASE,
)
NET_OF = re.compile(
    r"实际|净|最[后终]|到底|一共|还|多少|\b(?:pa(?:y|id)|cost|spen[dt]|left|much)\b", re.IGNORECASE
)
REFUNDED = re.compile(
    r"(?:已?(?:部分)?退款(?:金额|成功)?|已退(?:款|还)?|退还|refund(?:ed)?(?: amount| total| issued)?)"
    r"\s?[:：(（]?\s?(?P<amount>[-+−]?\s?[¥￥$€£]?\s?\d[\d,]{0,12}(?:\.\d{1,2})?\s?元?)",
    re.IGNORECASE,
)
REFUND_LABEL = re.compile(r"退款|已退|退还|\brefund(?!able)", re.IGNORECASE)
PAID_LABEL = re.compile(
    r"实付|付款金额|支付金额|交易金额|消费金额|订单金额|实收|total (?:paid|charged)|amount paid|\bpaid\b|you paid|order total|payment",
    re.IGNORECASE,
)
MOST_TERMS = 8


def told(question: str, reading: Reading, chinese: bool, budget: Budget) -> str:
    """A sentence without its mark; "" where the question asks for nothing of this."""
    if NET.search(question) and NET_OF.search(question):
        return _net(reading, chinese, budget)
    if OFF.search(question) and ALL.search(question):
        return _off(question, reading, chinese, budget)
    return ""


def _net(reading: Reading, chinese: bool, budget: Budget) -> str:
    """Paid minus refunded, where each is printed once."""
    every = amounts_of(reading, budget)
    refunds = {abs(one.value): one for one in every if REFUND_LABEL.search(one.label)}
    for line in reading.lines:
        for match in REFUNDED.finditer(line.text):
            label = line.text[: match.start("amount")].strip(" :：(（")
            if made := amount_in(label, match["amount"]):
                refunds.setdefault(abs(made.value), made)
    paid = _paid(reading, every)
    if len(refunds) != 1 or paid is None:
        return ""
    back = next(iter(refunds.values()))
    left = abs(paid.value) - abs(back.value)
    if left < 0 or not same_currency((paid, back)):
        return ""
    label = say("refund_amount", chinese)
    terms = f"{abs(paid.value):,.2f} − {label} {abs(back.value):,.2f}"
    return _said(terms, left, (paid, back), chinese)


def _paid(reading: Reading, every: Sequence[Amount]) -> Amount | None:
    """By its label; on a payment without one by its size: the amount in the largest type."""
    named = {
        abs(one.value): one
        for one in every
        if PAID_LABEL.search(one.label) and not REFUND_LABEL.search(one.label)
    }
    if named:
        return next(iter(named.values())) if len(named) == 1 else None
    if reading.kind != "payment":
        return None
    found = {
        abs(made.value): made
        for one in reading.fields
        if one.name == "amount" and not REFUND_LABEL.search(one.label)
        if (made := amount_in(one.label, one.value))
    }
    return next(iter(found.values())) if len(found) == 1 else None


def _off(question: str, reading: Reading, chinese: bool, budget: Budget) -> str:
    """The sum of the reductions; one that is printed is no business of this."""
    every = amounts_of(reading, budget)
    off = [
        one
        for one in every
        if one.value
        and (one.value < 0 or TAKEN_OFF.search(one.label))
        and not NOT_OFF.search(one.label)
    ]
    if any(IN_ALL.search(one.label) and TAKEN_OFF.search(one.label) for one in off):
        return ""
    if not 2 <= len(off) <= MOST_TERMS or not same_currency(every):
        return ""
    if any(one.label in question for one in off):
        return ""
    others = [one for one in every if one not in off and one.value > 0]
    chosen = _that_fit(off, others)
    if not chosen:
        values = joined([one.named for one in off], chinese)
        return say("shown_text", chinese, lines=values)
    total = sum((abs(one.value) for one in chosen), Decimal(0))
    terms = " + ".join(f"{plain(one.label)} {abs(one.value)}" for one in chosen)
    return say("in_all", chinese, total=bold(str(total)), values=terms)


def _that_fit(off: list[Amount], others: list[Amount]) -> list[Amount]:
    """The reductions that lie between two printed totals; all of them where the picture prints no
    two totals. [] where they do not fit."""
    kinds = [off, [one for one in off if not ROUNDING.search(one.label)]]
    added = [one for one in others if ADDED.search(one.label)]
    sums = {one.value for one in others if one not in added}
    for chosen in kinds:
        total = sum((abs(one.value) for one in chosen), Decimal(0))
        for count in range(len(added) + 1):
            for more in itertools.combinations(added[:4], count):
                extra = sum((one.value for one in more), Decimal(0))
                if any(one + extra - total in sums for one in sums):
                    return chosen
    return off if len(sums) < 2 else []


def _said(terms: str, total: Decimal, amounts: Sequence[Amount], chinese: bool) -> str:
    return say("worked_out", chinese, terms=terms, value=bold(money_text(total, amounts)))

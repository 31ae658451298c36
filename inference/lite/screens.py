"""Screens: the amount of a payment, the message of an error, the state of an order."""

import re

from inference.lite.checks import is_order_number
from inference.lite.field_search import Search
from inference.lite.invoice_money import same_money

BIG = 1.25  # times the usual height: a screen's headline or amount
AMOUNT = re.compile(r"[-+−]?\s?[¥$€£]?\s?[-+−]?(\d{1,3}(?:,\d{3}){1,5}|\d{1,9})\.\d{2}")
STATE = re.compile(
    r"(?:卖家|商家)?(?:已|待|未)[\u4e00-\u9fff]{2,4}|(?:订单|交易)?(?:已)?(?:退款|支付|付款|交易|转账|签收)成功"
    r"|订单已[\u4e00-\u9fff]{2}|(?:支付|付款|退款|交易|转账)(?:失败|未完成|未成功)|(?:包裹)?(?:运输中|派送中|退款中|审核中)"
    r"|(?:商家|卖家|仓库)?备货中|(?:等待|待)(?:买家|卖家|商家)?(?:付款|发货|收货|确认收货)|交易(?:完成|关闭)"
    r"|shipped|out for delivery|delivered|cancelled|refunded|processing|payment successful"
)
ANSWERS = 4  # lines after a question for a number
SENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{7,39}")
SENTENCE = re.compile(r"(?<=[。!！])")
MAX_MESSAGE = 80  # characters of an error's message


def add_payment(search: Search) -> None:
    """The large amount of a payment screen has no label."""
    heights = sorted(line.line.place[3] for line in search.paper.lines)
    usual = heights[len(heights) // 2] if heights else 0
    for line in search.paper.lines:
        match = AMOUNT.fullmatch(line.text.strip())
        if match and line.line.place[3] >= BIG * usual:
            value = line.text.strip().lstrip("-+− ").replace(" ", "")
            same = [
                one
                for one in search.found
                if one.field.name == "amount" and same_money(one.field.value, value)
            ]
            search.drop(same)
            search.add("amount", value, line, (0, len(line.text)), rank=-1)
            return


def add_error(search: Search) -> None:
    """The first line that says what went wrong, where it is not a code."""
    for line in search.paper.lines:
        text = line.text.strip()
        if not search.paper.catalog.failure_words.search(line.plain) or line.leads:
            continue
        text = re.sub(r"\s?[(\[【][^()\[\]【】]{1,40}[)\]】]$", "", text)
        text = SENTENCE.split(text)[0]
        if 2 <= len(text) <= MAX_MESSAGE:
            search.add("error_text", text, line, (0, 0))
            return


def add_state(search: Search) -> None:
    """The headline of an order or payment that says its state without a label."""
    if search.values("status"):
        return
    for line in search.paper.lines:
        if STATE.fullmatch(line.plain.strip()):
            search.add("status", line.text.strip(), line, (0, 0))
            return


def add_numbers_after_labels(search: Search) -> None:
    """In a chat one asks for a number, and the other sends nothing but it."""
    lines = search.paper.lines
    for place, line in enumerate(lines):
        asked = {hit.field for hit in line.hits} & {"order_number", "waybill_number"}
        if not asked or any(one.line is line for one in search.found):
            continue
        for other in lines[place + 1 : place + 1 + ANSWERS]:
            value = other.text.strip()
            if SENT.fullmatch(value) and is_order_number(value) and other.is_free(0, len(value)):
                search.add(asked.pop(), value, other, (0, len(value)), label=line.text.strip())
                break

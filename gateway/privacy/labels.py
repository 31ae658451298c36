"""The words around a number that say what it is. The page has the same
(frontend/assets/js/lib/mask/labels.js).

All look at text in which runs of white space are one space, so that no pattern has two repeats
side by side.
"""

import re

LOOK_BACK = 40  # characters
LOOK_AHEAD = 16

# Between a label and its number: "订单号：", "order no. is #", "单号（", "【订单号】",
# `"order_no": "`, "**订单号** - ".
JOIN = (
    r"""\.?[ "'”」)\]】*`]{0,4}(?:->|[:#=_(\[【→|-])?[ :#"'“「(\[【*`]{0,4}"""
    r"""(?:(?:应该是|就是|是|为|is|was)[ :#"'“「(\[【*`]{0,4})?"""
)
ORDER_NUMBER = (
    r"(?:(?:订单|运单|工单|保单|面单|单据|单|流水|交易|支付|付款|退款|退货|换货|售后"
    r"|采购|合同|发票|商户|商家|邮件|取件|取货|提货|快递|物流|货运|包裹|序列|受理|参考|批)"
    r"[的 ]?(?:编号|号码|单号|订单号|号|码|ID)"
    r"|(?<![a-z])(?:order|way ?bill|tracking|awb|invoice|consignment"
    r"|transaction|ticket|parcel|package|shipment|serial|reference|receipt)"
    r"[ _-]?(?:number|num|no|nr|id|code))"
)
# What makes the number behind it an order's, and not a person's.
ORDER_BEFORE = re.compile(
    rf"(?:{ORDER_NUMBER}|订单|运单|工单"
    r"|(?<![a-z])(?:order|way ?bill|tracking|awb|invoice|consignment"
    r"|transaction|ticket|parcel|shipment|serial))"
    rf"{JOIN}$",
    re.IGNORECASE,
)
ORDER_AFTER = re.compile(
    rf" ?(?:(?:是|为|is|was) ?(?:我的|这个|该|my|the|an?)? ?{ORDER_NUMBER}|(?:这个|这笔|这张|这|那个)(?:订单|运单|工单))",
    re.IGNORECASE,
)
CARD_WORD = re.compile(
    r"银行卡|信用卡|储蓄卡|借记卡|银联|[账帐][号户]|卡(?![住顿死在了着壳机槽])|\b(?:card|iban|visa|mastercard|account)\b",
    re.IGNORECASE,
)
CARD_BEFORE = re.compile(
    rf"(?:卡(?:号码|号)?|[账帐][号户]|\bcard(?: number| no)?){JOIN}$", re.IGNORECASE
)
PHONE_BEFORE = re.compile(
    r"(?:电话|手机|座机|固话|传真|联系方式|联系|致电|拨打"
    r"|\b(?:tele)?phone|\btel|\bmobile|\bcell|\bcall|\bwhatsapp|\bfax)"
    r"(?:号码|号| ?number| ?no)?\.? ?[:=]? ?(?:是|为|is|at|me at|us at)?$",
    re.IGNORECASE,
)
ID_BEFORE = re.compile(
    rf"(?:身份证|证件|(?<![a-z])id(?:entity)? ?card|(?<![a-z])identity)(?:号码|号| ?number| ?no)?{JOIN}$",
    re.IGNORECASE,
)


def words_before(text: str, start: int) -> str:
    return " ".join(text[max(0, start - LOOK_BACK) : start].split())


def words_after(text: str, end: int) -> str:
    return " ".join(text[end : end + LOOK_AHEAD].split())


def is_order(text: str, start: int, end: int) -> bool:
    """Whether the number between `start` and `end` is called an order's or a parcel's."""
    return bool(
        ORDER_BEFORE.search(words_before(text, start)) or ORDER_AFTER.match(words_after(text, end))
    )


def says_card(text: str, start: int, end: int) -> bool:
    return bool(
        CARD_WORD.search(words_before(text, start)) or CARD_WORD.search(words_after(text, end))
    )

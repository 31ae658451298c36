"""The kinds of fields: patterns of their labels and values, and rules for valid values."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from inference.lite import check_digits

SPACED = r"[ \u00a0]?"


def label(*words: str) -> str:
    """A pattern for these words. OCR puts spaces between widely spaced Chinese characters."""
    return "|".join(
        SPACED.join(map(re.escape, word)) if not word.isascii() else word for word in words
    )


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of field: patterns of its labels and values, and a rule for valid values."""

    name: str
    labels: str
    value: str
    check: Callable[[str], bool] | None = None
    strip_spaces: bool = True


CODE = r"[A-Z0-9](?:[A-Z0-9]|[-_](?=[A-Z0-9])){4,39}"
SPACED_CODE = r"[A-Z]{0,6}-?\d(?:[A-Z0-9]|[- ](?=\d)){5,34}"
CURRENCY = r"[-+]?(?:[¥$€£]|CNY|RMB|USD)?\s?"
MONEY = (
    rf"{CURRENCY}\d{{1,3}}(?:,\d{{3}}){{1,5}}(?:\.\d{{1,2}})?"
    rf"|{CURRENCY}\d{{1,15}}(?:\.\d{{1,2}})?"
)
DATE = r"\d{4}\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}\s?日?"


def _has_digits(count: int) -> Callable[[str], bool]:
    return lambda value: sum(character.isdigit() for character in value) >= count


KINDS = (
    Kind(
        "waybill_number",
        label(
            "运单号",
            "运单编号",
            "运单号码",
            "快递单号",
            "物流单号",
            "快递编号",
            "邮件号",
            "面单号",
            r"way\s?bill(?:\s?(?:no|number|#))?\.?",
            r"tracking(?:\s?(?:no|number|id|#))?\.?",
            r"awb(?:\s?(?:no|number))?\.?",
            r"consignment\s?(?:no|number)\.?",
        ),
        SPACED_CODE,
        _has_digits(8),
    ),
    Kind(
        "order_number",
        label(
            "订单编号",
            "订单号码",
            "订单号",
            "订单ID",
            "交易单号",
            "商户单号",
            "商户订单号",
            r"(?<![运递流面])单\s?号",
            r"order\s?(?:no|number|id|#)\.?",
            r"order(?=\s{0,8}#)",
            r"order(?=\s{1,8}[A-Z]{0,4}-?\d)",
        ),
        CODE,
        _has_digits(4),
    ),
    Kind(
        "invoice_number",
        label("发票号码", "发票号", "发票编号", r"invoice\s?(?:no|number|#)\.?"),
        r"\d{20}|\d{8}|[A-Z]{2,5}-?\d[\dA-Z-]{4,20}",
        lambda value: len(value) in (8, 20) or not value.isdigit(),
    ),
    Kind(
        "invoice_code",
        label("发票代码", r"invoice\s?code"),
        r"\d{10,12}",
        lambda value: len(value) in (10, 12),
    ),
    Kind(
        "error_code",
        label(
            "错误代码",
            "错误码",
            "错误编号",
            "故障代码",
            "异常代码",
            "返回码",
            "错误",
            "代码",
            r"error\s?code",
            r"err\s?code",
            r"code",
            r"error(?=\s{0,8}[:#])",
        ),
        (
            r"[A-Z][A-Z0-9]{0,31}(?:[-_][A-Z0-9]{1,32}){1,12}|[A-Z]{1,8}\d{2,8}"
            r"|0x[0-9A-F]{4,8}|-?\d{3,8}"
        ),
        _has_digits(0),
    ),
    Kind(
        "tax_number",
        label(
            "统一社会信用代码/纳税人识别号",
            "纳税人识别号",
            "统一社会信用代码",
            "税号",
            r"tax\s?(?:id|no|number)\.?",
        ),
        r"[0-9A-Z]{15,20}",
        None,
    ),
    Kind(
        "amount",
        label(
            "价税合计",
            "实付金额",
            "实付款",
            "实付",
            "应付金额",
            "应付",
            "支付金额",
            "付款金额",
            "订单金额",
            "交易金额",
            "合计金额",
            "退款金额",
            "合计",
            "总计",
            "总额",
            "总价",
            "金额",
            r"grand\s?total",
            r"order\s?total",
            r"total(?:\s?(?:amount|due|paid))?",
            r"amount(?:\s?(?:due|paid))?",
        ),
        MONEY,
        lambda value: any(c.isdigit() for c in value),
    ),
    Kind(
        "bank_card",
        label("银行卡号", "银行卡", "卡号", "银行账号", "账号", r"card\s?(?:no|number)\.?"),
        r"\d{4}[ -]?(?:\d{4}[ -]?){2,3}\d{1,4}",
        check_digits.is_bank_card,
    ),
    Kind(
        "date",
        label(
            "开票日期",
            "下单时间",
            "签收时间",
            "揽收时间",
            "创建时间",
            "付款时间",
            "支付时间",
            "订单日期",
            "日期",
            "时间",
            r"(?:invoice\s|order\s|issue\s)?date",
            r"time",
        ),
        DATE,
        check_digits.is_date,
        strip_spaces=True,
    ),
    Kind(
        "status",
        label("物流状态", "支付状态", "订单状态", "当前状态", "状态", r"status"),
        r"[^\s,,;;|]{2,24}",
        None,
        strip_spaces=False,
    ),
    Kind(
        "carrier",
        label("承运商", "快递公司", "物流公司", "承运人", r"carrier", r"shipped\s?via"),
        r"[^\s,,;;|]{2,24}",
        None,
        strip_spaces=False,
    ),
    Kind(
        "company",
        label(
            "销售方名称",
            "购买方名称",
            "销售方",
            "购买方",
            "公司名称",
            "开票单位",
            r"company(?:\s?name)?",
            r"seller",
            r"buyer",
        ),
        r"[^,,;;|::]{3,48}",
        None,
        strip_spaces=False,
    ),
)
# `text.normal` narrows gaps to 8, so that no pattern needs two unbounded repeats in a row.
SEPARATOR = r"\s{0,8}(?:[:#]\s{0,8})?"
IS = r"(?:(?:是|为|is|was)\s{0,8}(?::\s{0,8})?)?"
COMPILED = [
    (
        kind,
        re.compile(
            rf"(?:{kind.labels}){SEPARATOR}{IS}(?P<value>{kind.value})(?![A-Z0-9])", re.IGNORECASE
        ),
        re.compile(rf"(?:^|[\s|])(?:{kind.labels}){SEPARATOR}$", re.IGNORECASE),
        re.compile(rf"(?<![A-Z0-9])(?:{kind.value})(?![A-Z0-9])", re.IGNORECASE),
    )
    for kind in KINDS
]

LABEL_ALONE = re.compile(
    r"(?:" + "|".join(kind.labels for kind in KINDS) + r")(?:信息|名称)?[:：]?", re.IGNORECASE
)

HTTP_ERROR = re.compile(r"http\s?error\s?\d{3}", re.IGNORECASE)
# Codes that need no label.
FORMS = (
    ("error_code", re.compile(r"\b(?:NET::)?ERR_[A-Z0-9_]{3,60}\b")),
    (
        "error_code",
        re.compile(
            r"\b(?:DNS_PROBE|SSL_ERROR|SEC_ERROR|MOZILLA_PKIX_ERROR|PR|NS_ERROR"
            r"|INET_E)_[A-Z0-9_]{3,60}\b"
        ),
    ),
    ("error_code", re.compile(r"\bHTTP\s?(?:ERROR|状态码)?\s?[45]\d\d\b", re.IGNORECASE)),
    (
        "error_code",
        re.compile(
            r"\b[45]\d\d(?=\s{1,8}(?:Bad|Unauthorized|Forbidden|Not Found|Internal"
            r"|Service|Gateway|Request|Too Many))"
        ),
    ),
    ("error_code", re.compile(r"\b0x[0-9A-Fa-f]{8}\b")),
    ("error_code", re.compile(r"\bSQLSTATE\[?[0-9A-Z]{5}\]?")),
    (
        "error_code",
        re.compile(
            r"\b(?:PAY|ERR|ERROR|APP|NET|AUTH|LOGIN|SYS|API|SVR|E|SSL|DB|TXN|ORD"
            r"|UPD)[-_]\d{2,6}\b"
        ),
    ),
    ("phone", re.compile(r"(?<![\d.-])1[3-9]\d(?:(?:[ -]?[\d*]{4}){2}|\*{2,6}\d{4})(?![\d.])")),
    ("id_card", re.compile(r"(?<![0-9A-Z])\d{6}(?:19|20)\d{9}[\dXx](?![0-9A-Z])")),
    ("email", re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")),
    (
        "url",
        re.compile(
            r"https?://[^\s,,。;;()()]{1,500}"
            r"|\bwww\.[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}[^\s,,。]{0,500}"
        ),
    ),
    (
        "waybill_number",
        re.compile(r"\b(?:SF|YT|ZT|STO|JD[VX]?|JT|DPK|EMS|YD|ZTO|1Z)[A-Z]?\d{10,18}\b"),
    ),
    ("amount", re.compile(r"[¥¥]\s?\d[\d,]{0,20}(?:\.\d{1,2})?")),
    ("date", re.compile(DATE)),
)
FORM_CHECKS: dict[str, Callable[[str], bool]] = {
    "phone": lambda value: "*" in value or len(value) == 11,
    "id_card": check_digits.is_id_card,
    "date": check_digits.is_date,
}
CARRIERS = re.compile(
    r"顺丰(?:速运)?|圆通(?:速递)?|中通(?:快递)?|申通(?:快递)?|韵达(?:速递)?|京东(?:物流|快递)|极兔(?:速递)?"
    r"|邮政EMS|德邦(?:快递)?|\b(?:DHL|UPS|FedEx|EMS)\b"
)

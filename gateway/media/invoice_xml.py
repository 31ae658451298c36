"""The fields of China's electronic invoices as XML: the digital one (EInvoice), and the older one
that is attached to OFD (eInvoice)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gateway.media.xml_tree import Element

MAX_ITEMS = 500
MAX_VALUE = 300  # characters
ROOTS = frozenset(("einvoice", "invoice", "einvoicedata"))
ITEMS = frozenset(("issuiteminformation", "goodsinfo"))
# Tags in lower case by field, the best first.
TAGS = {
    "invoice_number": ("invoicenumber", "invoiceno", "eiid"),
    "invoice_code": ("invoicecode",),
    "date": ("issuetime", "issuedate", "requesttime"),
    "buyer": ("buyername",),
    "buyer_tax_number": ("buyeridnum", "buyertaxid"),
    "seller": ("sellername",),
    "seller_tax_number": ("selleridnum", "sellertaxid"),
    "amount": ("totaltax-includedamount", "taxinclusivetotalamount"),
    "amount_without_tax": ("totalamwithouttax", "taxexclusivetotalamount"),
    "tax_amount": ("totaltaxam", "taxtotalamount"),
}
ITEM_NAME = ("itemname", "item")
TAX_RATE = ("taxrate", "taxscheme")
ITEM_PARTS = (
    *(("规格", ("specmod", "specification")), ("单位", ("meaunits", "measurementdimension"))),
    *(("数量", ("quantity",)), ("单价", ("unprice", "price")), ("金额", ("amount",))),
    *(("税率", TAX_RATE), ("税额", ("comtaxam", "taxamount"))),
)
MONEY = frozenset(("amount", "amount_without_tax", "tax_amount"))
LABELS = {
    "invoice_number": "发票号码",
    "invoice_code": "发票代码",
    "date": "开票日期",
    "buyer": "购买方名称",
    "buyer_tax_number": "购买方纳税人识别号",
    "seller": "销售方名称",
    "seller_tax_number": "销售方纳税人识别号",
    "amount": "价税合计（小写）",
    "amount_without_tax": "合计金额（不含税）",
    "tax_amount": "合计税额",
    "tax_rate": "税率",
    "item": "项目名称",
}
DAY = re.compile(r"(\d{4})\D?(\d{2})\D?(\d{2})")
NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,6})?")


@dataclass(frozen=True, slots=True)
class Value:
    """`name` of the field; `details`: what else the file says about a line item."""

    name: str
    value: str
    details: str = ""

    @property
    def line(self) -> str:
        """As a line of text with its label."""
        return f"{LABELS[self.name]}：{self.value}{self.details}"


def is_invoice(root: Element) -> bool:
    return root.name.lower() in ROOTS


def invoice_values(root: Element) -> list[Value]:
    """The fields of an invoice; empty where the file has none that we know."""
    items = [one for one in root.walk() if one.name.lower() in ITEMS][:MAX_ITEMS]
    texts: dict[str, str] = {}
    for element in _outside_items(root):
        if text := element.text.strip()[:MAX_VALUE]:
            texts.setdefault(element.name.lower(), text)
    found = values_of(texts)
    if found:
        found += _item_values(items)
    return found


def values_of(texts: dict[str, str]) -> list[Value]:
    """The fields among texts by their tag in lower case."""
    found = []
    for name, tags in TAGS.items():
        text = next((texts[tag] for tag in tags if tag in texts), "")
        if value := _normal(name, text):
            found.append(Value(name, value))
    return found


def _outside_items(root: Element) -> Iterator[Element]:
    yield root
    for child in root.children:
        if child.name.lower() not in ITEMS:
            yield from _outside_items(child)


def _item_values(items: Iterable[Element]) -> list[Value]:
    found, rates = [], []
    for item in items:
        texts = {part.name.lower(): part.text.strip()[:MAX_VALUE] for part in item.children}
        if not (name := _first(texts, ITEM_NAME)):
            continue
        rate = _rate(_first(texts, TAX_RATE))
        parts = [
            f"{label} {rate if tags is TAX_RATE else _first(texts, tags)}"
            for label, tags in ITEM_PARTS
            if _first(texts, tags)
        ]
        found.append(Value("item", name, "".join(f"，{part}" for part in parts)))
        rates.append(rate)
    return found + [Value("tax_rate", rate) for rate in dict.fromkeys(filter(None, rates))]


def _first(texts: dict[str, str], tags: Iterable[str]) -> str:
    return next((texts[tag] for tag in tags if texts.get(tag)), "")


def _normal(name: str, text: str) -> str:
    """Amounts with a currency sign, days as 2025-11-12; anything else as written."""
    if name in MONEY:
        number = text.lstrip("¥￥ ").replace(",", "")
        return f"¥{number}" if NUMBER.fullmatch(number) else ""
    if name == "date":
        day = DAY.match(text)
        return f"{day[1]}-{day[2]}-{day[3]}" if day else ""
    return text


def _rate(text: str) -> str:
    """0.13 → 13%. Anything else, such as 免税, as written."""
    if not NUMBER.fullmatch(text):
        return text
    share = float(text)
    return f"{round(100 * share, 4):g}%" if share < 1 else f"{share:g}%"

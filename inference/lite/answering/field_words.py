"""What fields are called, and by which words a question asks for them."""

import re
from typing import NamedTuple

from inference.lite.answering.printed_words import TABLE as PRINTED


class Words(NamedTuple):
    """A field's Chinese and English name, and the words by which people ask for it."""

    zh: str
    en: str
    asks: "re.Pattern[str]"


# Field → (Chinese name, English name, pattern of the words by which people ask for it).
# The longer name stands first: what it matches is taken out of the question before the next.
TABLE: dict[str, tuple[str, str, str]] = {
    "buyer_tax_number": (
        "购买方税号",
        "buyer's tax number",
        r"(?:购买方|购方|买方|买家|受票方|抬头|我们?公司|我们?单位|我们?|我司|咱们?)的?(?:纳税人识别号|税号|信用代码)"
        r"|(?:buyer|customer)(?:'s)? (?:tax|vat) ?(?:number|no|id)?",
    ),
    "seller_tax_number": (
        "销售方税号",
        "seller's tax number",
        r"(?:销售方|销方|卖方|卖家|商家|店家|开票方|开票单位)的?(?:纳税人识别号|税号|信用代码)"
        r"|(?:seller|vendor|supplier)(?:'s)? (?:tax|vat) ?(?:number|no|id)?",
    ),
    "tax_number": (
        "税号",
        "tax number",
        r"税号|纳税人识别号|信用代码|(?:tax|vat) ?(?:number|no\b|id\b)",
    ),
    "amount_without_tax": (
        "不含税金额",
        "amount without tax",
        r"不含税(?:金额|价|总额)?|税前(?:金额|价)?|(?:不算|不带|没算|除去?|去掉|刨去|扣掉)税(?!率|号)"
        r"|(?:amount |total |price )?(?:without|before|excluding|excl\.?) (?:tax|vat)|net amount",
    ),
    "tax_rate": ("税率", "tax rate", r"税率|(?:几|多少)(?:个点|个?点的?税)|税点|(?:tax|vat) rate"),
    "tax_amount": (
        "税额",
        "tax",
        r"税额|税金|多少税|(?<!含)(?<!价)税(?:款)?(?:是|有)?多少|(?:tax|vat) amount|how much (?:is |was )?(?:the )?(?:tax|vat)\b|amount of tax|what (?:is|was) the (?:sales )?(?:tax|vat)\b(?! rate| number| id)",
    ),
    "transaction_number": (
        "交易单号",
        "transaction number",
        r"交易单?号|流水号|transaction ?(?:number|no\b|id\b)?",
    ),
    "waybill_number": (
        "运单号",
        "waybill number",
        r"运单(?:编?号码?|多少|是)|(?:快递|物流|面单|包裹)(?:单|编)?(?:号码?)(?!公司)"
        r"|(?:waybill|tracking|awb)(?: ?(?:number|no\b|id\b|code|#))?",
    ),
    "order_number": (
        "订单号",
        "order number",
        r"订单(?:的)?(?:编号|号码|号|id|是多少|多少)|商户单号|哪一?[个笔单]?订单|which order|order ?(?:number|no\b|num\b|id\b|#)",
    ),
    "invoice_code": ("发票代码", "invoice code", r"发票代码|invoice code"),
    "invoice_number": (
        "发票号码",
        "invoice number",
        r"发票(?:的)?(?:号码|编号|号)|invoice ?(?:number|no\b|#)",
    ),
    "number": ("单号", "number", r"单号|(?<![话机证卡])号码"),
    "train_number": (
        "车次",
        "train number",
        r"车次|哪[趟班]车|哪一?[趟班]|train ?(?:number|no\b)|which train",
    ),
    "error_code": (
        "错误代码",
        "error code",
        r"(?:错误|报错|故障|异常|停止|返回)(?:代)?码|(?:什么|啥)(?:错误|错|报错|故障)|哪个错误|(?<!发票)代码"
        r"|错误是|报错是|(?:error|stop|fault) code|(?:what|which) code|(?:what|which)(?: is)?(?: the| this)? error",
    ),
    "contract_number": (
        "合同编号",
        "contract number",
        r"合同(?:的)?(?:编号|号码?)|contract ?(?:number|no\b)",
    ),
    "party_a": ("甲方", "party A", r"甲方|需方|party a\b"),
    "party_b": ("乙方", "party B", r"乙方|供方|party b\b"),
    "seller": (
        "销售方",
        "seller",
        r"销售方(?:名称)?|销方|卖方|卖家|开票方|开票单位|(?:谁|哪家(?:公司|店|单位|酒店)?|哪个公司)开的|开票的(?!人)[\u3400-\u9fff]{0,4}?(?=叫|是|名)|谁(?=开(?:具|出)?给)"
        r"|seller|vendor|supplier|(?:invoice|bill) (?:is )?from\b|issued by|who issued|who sold",
    ),
    "buyer": (
        "购买方",
        "buyer",
        r"购买方(?:名称)?|购方|买方|买家|受票方|抬头|开给谁|开给哪|开的?是?谁|谁的发票|报销(?:的)?(?:单位|公司|人)"
        r"|buyer|billed to|bill to|purchaser|made out to|\b(?:to|for) whom\b",
    ),
    "amount": (
        "金额",
        "amount",
        r"金额|票价|多少钱|付了多少|付多少|花了?多少|实际[给付花]了?多少|(?<!who )(?<!whom )(?:did i|have i) pa(?:y|id)\b(?! with)|退(?:了|给)?我?多少(?![天久])|[实应][付收]|合计|总价|总额|价税合计|总共|一共"
        r"|amount|total|how much|(?:was|is) paid|price|cost",
    ),
    "date": (
        "日期",
        "date",
        r"日期|(?:什么时候|哪天|几号|何时)(?:开|付|下的?单|签|买|支付|发的货|发货的|退的款)|几号的|(?:开票|支付|付款|下单|交易)时间"
        r"|时间是|\bdate\b|when was|when did|\bwhen\b.{0,30}\bdue\b|\bwhen (?:do|must|should) (?:i|we) (?:have to |need to )?pay\b|\bpay (?:it )?by when\b|最[晚迟](?:什么时候|哪天|几号)(?:付|交|缴)款?",
    ),
    "carrier": (
        "承运商",
        "carrier",
        r"承运|快递公司|(?:哪家|什么|哪个)快递|物流公司|哪家物流|carrier|courier",
    ),
    "item": (
        "商品",
        "item",
        r"买了?(?:的是)?(?:什么|啥|哪些)|(?:什么|哪些|啥)(?:商品|东西)|商品(?:名称|是)|开的?是?(?:什么|啥|哪些)(?:项目|内容)?|(?:什么|啥|哪些)(?:项目|内容)|项目名称|明细"
        r"|what did i (?:buy|order)|which items?|what items?|(?:line )?items\b",
    ),
    "company": (
        "公司",
        "company",
        r"商户|商家|店铺|哪家店|收款[方人]|(?:付|转|打)给了?谁|公司|单位|merchant|payee|shop\b|store\b|company"
        r"|who(?:m)? (?:did|have) i pa(?:y|id)\b|who (?:was|got) paid",
    ),
    "phone": ("电话", "phone number", r"电话|手机号?|联系方式|phone|mobile"),
    "email": ("邮箱", "e-mail address", r"邮箱|邮件地址|e-?mail"),
    "bank_card": ("银行卡号", "bank card number", r"银行卡号?|卡号|(?:bank )?card (?:number|no\b)"),
    "id_card": ("证件号", "identity card number", r"身份证|证件号|identity|id card"),
    "url": ("网址", "address", r"网址|链接|网站地址|\burl\b|\blink\b"),
}
ALL = {name: (one.zh, one.en, one.asks) for name, one in PRINTED.items()} | TABLE
FIELDS = {
    name: Words(zh, en, re.compile(asks, re.IGNORECASE)) for name, (zh, en, asks) in ALL.items()
}
# Where the first is not read, the next serves: older readings have less exact names.
INSTEAD = {
    "error_code": ("error_code", "error_text"),
    "seller": ("seller", "company"),
    "company": ("company", "seller"),
    "tax_number": ("seller_tax_number", "buyer_tax_number", "tax_number"),
    "seller_tax_number": ("seller_tax_number", "tax_number"),
    "buyer_tax_number": ("buyer_tax_number",),
}
# A party of a contract is a company with its label, or who buys or sells.
PARTIES = {
    "party_a": (("甲方", "需方", "party a"), "buyer"),
    "party_b": (("乙方", "供方", "party b"), "seller"),
}
NUMBERS = ("waybill_number", "order_number", "invoice_number", "transaction_number")
AMOUNTS = {
    "invoice": ("价税合计", "total including tax"),
    "payment": ("实付金额", "amount paid"),
    "order": ("实付金额", "amount paid"),
    "contract": ("合同金额", "contract amount"),
}
RECEIVERS = {"payment": ("收款方", "payee"), "receipt": ("商家", "merchant")}
OTHERS = {
    "error_text": ("错误", "error"),
    "status": ("状态", "status"),
    "event": ("物流", "scan"),
    "time": ("时间", "time"),
}


def called(name: str, chinese: bool, kind: str = "other") -> str:
    """The field's name in words; `kind` is the picture's."""
    if name == "amount" and kind in AMOUNTS:
        return AMOUNTS[kind][0 if chinese else 1]
    if name in ("company", "seller") and kind in RECEIVERS:
        return RECEIVERS[kind][0 if chinese else 1]
    if name in FIELDS:
        return FIELDS[name].zh if chinese else FIELDS[name].en
    return OTHERS[name][0 if chinese else 1] if name in OTHERS else name

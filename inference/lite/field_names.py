"""What fields are called, and by which words a question asks for them."""

import re

# Field → (Chinese name, English name, pattern of the words by which people ask for it).
NAMES: dict[str, tuple[str, str, str]] = {
    "waybill_number": (
        "运单号",
        "waybill number",
        r"运单|快递单|物流单|快递号|waybill|tracking|awb",
    ),
    "order_number": (
        "订单号",
        "order number",
        r"订单[编]?号|订单编码|(?<!运)(?<!递)(?<!流)单号|order\s?(?:no|num|number|id)|my order\b",
    ),
    "invoice_number": (
        "发票号码",
        "invoice number",
        r"发票号|发票编号|invoice\s?(?:no|num|number)",
    ),
    "invoice_code": ("发票代码", "invoice code", r"发票代码|invoice code"),
    "transaction_number": (
        "交易单号",
        "transaction number",
        r"交易单号|交易号|流水号|transaction\s?(?:no|num|number|id)",
    ),
    "contract_number": ("合同编号", "contract number", r"合同[编]?号|contract\s?(?:no|num|number)"),
    "train_number": ("车次", "train number", r"车次|哪趟车|train"),
    "error_code": (
        "错误代码",
        "error code",
        r"错误|报错|故障|异常|代码|错误码|error|code|problem|wrong",
    ),
    "amount": (
        "金额",
        "amount",
        r"金额|多少钱|价钱|价格|费用|实付|合计|总价|总额|amount|total|price|how much|cost|paid",
    ),
    "amount_without_tax": (
        "不含税金额",
        "amount without tax",
        r"不含税|税前|without tax|before tax|net amount",
    ),
    "tax_amount": ("税额", "tax", r"税额|税金|多少税|tax amount|how much tax"),
    "tax_rate": ("税率", "tax rate", r"税率|税点|tax rate"),
    "seller": (
        "销售方",
        "seller",
        r"销售方|卖方|卖家|销方|开票方|哪家|商户|seller|vendor|merchant",
    ),
    "buyer": ("购买方", "buyer", r"购买方|买方|买家|购方|抬头|谁的|buyer|bill(?:ed)? to|customer"),
    "seller_tax_number": (
        "销售方税号",
        "seller's tax number",
        r"(?:销售方|销方|卖方|对方)的?(?:税号|纳税人识别号)|seller's tax",
    ),
    "buyer_tax_number": (
        "购买方税号",
        "buyer's tax number",
        r"(?:购买方|购方|买方|我们)的?(?:税号|纳税人识别号)|buyer's tax",
    ),
    "item": ("明细", "items", r"明细|买了什么|哪些商品|品名|items?|bought"),
    "event": ("物流记录", "tracking", r"轨迹|物流|到哪|哪里了|位置|where is|tracking"),
    "error_text": ("提示", "message", r"提示|报错|什么问题|message|says"),
    "phone": ("电话", "phone", r"电话|手机|联系方式|phone|mobile"),
    "tax_number": ("税号", "tax number", r"税号|纳税人识别号|信用代码|tax (?:no|num|number|id)"),
    "date": ("日期", "date", r"日期|时间|什么时候|哪天|几号|date|when"),
    "status": ("状态", "status", r"状态|进度|到哪|status"),
    "carrier": ("承运商", "carrier", r"承运|快递公司|哪家快递|什么快递|物流公司|carrier|courier"),
    "company": ("公司", "company", r"公司|单位|销售方|购买方|抬头|company|seller|buyer"),
    "email": ("邮箱", "e-mail", r"邮箱|邮件地址|e-?mail"),
    "bank_card": ("银行卡号", "bank card", r"银行卡|卡号|card (?:no|num|number)"),
    "id_card": ("证件号", "identity card", r"身份证|证件号|identity|id card"),
    "url": ("网址", "address", r"网址|链接|网站|url|link"),
}
ASKS_NAME = {name: re.compile(pattern, re.IGNORECASE) for name, (_, _, pattern) in NAMES.items()}
ASKS_VALUE = re.compile(
    (
        r"多少|是什么|是啥|什么|哪|几|吗|告诉|查|读|识别|提取|what|which|when|who|how much|tell|read"
        r"|extract|find|\?"
    ),
    re.IGNORECASE,
)
ASKS_WHICH = re.compile(r"多少|是什么|是啥|几号|哪个|what (?:is|was)|which", re.IGNORECASE)
ASKS_HELP = re.compile(
    (
        r"怎么|如何|怎样|咋|办|解决|处理|为什么|为何|原因|能不能|可以|能否|流程|规则|政策|退|换|赔|保修|how (?:do|can|to"
        r"|should|long)|why|fix|solve|can i|should|policy|what (?:should|can|do) i"
        r"|help"
    ),
    re.IGNORECASE,
)

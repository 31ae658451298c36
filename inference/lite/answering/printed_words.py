"""By which words people ask for what papers print, and the labels before it."""

import re
from typing import NamedTuple


class Printed(NamedTuple):
    """Chinese and English name, the words by which people ask, and the words of its label."""

    zh: str
    en: str
    asks: str
    label: "re.Pattern[str] | None"


TABLE: dict[str, Printed] = {
    "change": Printed(
        "找零",
        "change",
        r"找零|找(?:了|回|给|补)?(?:我|您|你)?(?:了|回)?(?:多少|几)(?:钱|块|元)?|该找(?:我|给我)?(?:多少|几)?(?:钱|块)?"
        r"|how much change|\bchange (?:due|back)|what(?:'s| is| was) (?:the|my) change",
        re.compile(r"找零|找补|找赎|change(?: ?due)?"),
    ),
    "discount": Printed(
        "优惠",
        "discount",
        r"(?:一共|总共)?(?:优惠|减免|抵扣|折扣|便宜|省|减)(?:券|金额|活动)?(?:一共|总共)?(?:给?(?:了|掉)?(?:我|减了)?(?:多少|几))(?:钱|块|元)?"
        r"|(?:红包|抹零|积分|满减|代金券|立减|会员)(?:抵扣?|减|抹|优惠|省|打)?(?:了|掉)?(?:多少|几)(?:钱|块|元|折)?"
        r"|(?:优惠|折扣|满减|立减|抵扣)(?:金额|券)?(?:是|有)(?:多少|几)(?:钱|块|元)?|(?:优惠|折扣|减免)金额"
        r"|how much (?:was |is |of )?(?:the |a )?(?:discount|coupon|(?:did i |was )?saved?)|what (?:discount|was the discount)",
        re.compile(
            r".{0,10}(?:优惠|立减|满减|折扣|抵扣|红包|代金券|抹零|减免|discount|coupon|promo).{0,12}"
        ),
    ),
    "shipping": Printed(
        "运费",
        "shipping",
        r"(?<!退货)(?<!退换货)(?<!寄回)(?:运费|邮费|配送费|快递费)"
        r"|(?:how much (?:was|is|for) |what (?:was|is) )(?:the )?(?:shipping|postage|delivery)(?: fee| cost)?"
        r"|shipping (?:fee|cost)",
        re.compile(r"运费|邮费|配送费|快递费|shipping(?:&?handling)?|delivery(?:fee)?|postage"),
    ),
    "count": Printed(
        "件数",
        "number of items",
        r"(?:一共|总共)?(?:有|买了)?(?:多少|几)(?:件|样)(?:商品|东西)?|how many (?:items|things)",
        re.compile(r"(?:总|商品)?件数|(?:商品)?数量合计|items?(?:count)?"),
    ),
    "invoice_type": Printed(
        "发票类型",
        "type of the invoice",
        r"(?:什么|哪种|啥)(?:类型|种类)的?(?:发)?票|发票(?:类型|种类)|专票还是普票|普票还是专票|是[专普]票|type of invoice",
        re.compile(r"发票(?:类型|种类)"),
    ),
    "fee": Printed(
        "手续费",
        "fee",
        r"手续费|服务费|\b(?:service |transfer )?fee\b",
        re.compile(r"手续费|服务费|(?:service|transfer)?fee"),
    ),
    "payment_method": Printed(
        "付款方式",
        "payment method",
        r"(?:支付|付款)(?:的)?方式|(?:用|拿)的?(?:什么|啥|哪张卡?|哪个|哪种)(?:方式|卡)?(?:来)?(?:付|支付|给)的?(?:款|钱)?|怎么付的(?:款|钱)?"
        r"|付款账户|哪张卡付?|payment method|paid with|how (?:was|did|is) .{0,16}pa(?:y|id)\b|which card",
        re.compile(
            r"(?:支付|付款|结算)(?:方式|账户|账号|渠道)|(?:payment|paid)(?:method|with|by)|method"
        ),
    ),
    "reason": Printed(
        "原因",
        "reason",
        r"(?:失败|退款|退回|拒绝|拒付|取消)(?:的|是(?:什么|啥))?(?:具体)?原因|(?:refund|decline|return|failure) reason",
        re.compile(r"(?:失败|退款|退回|拒绝|异常)?(?:原因|说明)|reason"),
    ),
    "receiver": Printed(
        "收件人",
        "recipient",
        r"收(?:件|货)(?:人|方)|(?:要|是)?(?:寄|送|发)(?:到|去|往)(?:哪|什么地方)(?:里|儿|个(?:城市|地方|省))?|(?:收件|收货)(?:地址|信息)|寄给谁|收方"
        r"|recipient|consignee|ship(?:ped)? to\b|addressee|deliver(?:ed)? to",
        None,
    ),
    "sender": Printed(
        "寄件人",
        "sender",
        r"(?:寄|发)(?:件|货)(?:人|方)|谁(?:给我)?寄(?:来)?的|寄方|(?:从)?(?:哪|什么地方)(?:里|儿)?(?:寄|发)(?:过?来)?的?|寄件(?:地址|信息)"
        r"|sender|shipper|who sent|shipped from|sent from",
        None,
    ),
    "weight": Printed(
        "重量",
        "weight",
        r"重量|多重|多少(?:公斤|千克|斤|kg)|\bweigh(?:t|s)?\b|how heavy",
        re.compile(r"(?:计费|实际|包裹|货物)?重量|[毛净]重|(?:gross|net|billed|billable)?weight"),
    ),
    "amount_in_words": Printed(
        "大写金额",
        "amount in words",
        r"(?:价税合计|金额)?(?:的)?大写(?:金额)?|amount in words",
        None,
    ),
}
# Labels of fields of the reader that only some screens have.
OF_FIELDS = {
    "tax_amount": re.compile(
        r"(?:incl(?:udes|uding|\.)?|ofwhich)?(?:estimated|sales)?(?:tax|vat|gst)(?:at)?(?:[\d.]{1,5}%)?|税额"
    ),
    "item": re.compile(
        r"商品(?:明细|名称|说明)|(?:项目|货物|服务|开票)(?:名称|内容|明细)|品名|托寄物(?:品)?|物品(?:名称|类型)?|内件(?:品名)?|寄托物|description"
    ),
}

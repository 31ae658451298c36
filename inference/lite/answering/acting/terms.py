"""What tools and questions speak of, in both languages: subjects, acts, and what is wrong."""

import re
from collections.abc import Mapping

from inference.lite.field_text import plain

Table = Mapping[str, "re.Pattern[str]"]


# Patterns meet lower case and simplified characters only (field_text.plain).
SUBJECTS: Table = {
    name: re.compile(words)
    for name, words in {
        "parcel": r"包裹|快递|物流|运单|快件|面单|\bparcels?\b|\bpackages?\b|\bshipments?\b|\btrack(?:ing)?\b"
        r"|\bwaybills?\b",
        "order": r"订单|[这那][一]?单|单子|\borders?\b",
        "address": r"地址|\baddress\b",
        "invoice": r"发票|开票|[这那]张票|抬头|税号|红冲|冲红|红字|\binvoices?\b|\bfapiao\b|red.letter",
        "stock": r"库存|有货|现货|缺货|\bstock\b",
        "trouble": r"登录|登陆|登不上|登不了|进不去|报错|错误|日志|故障|闪退|转圈|打不开|加载|卡住|白屏"
        r"|\berrors?\b|\blog ?in\b|\bsign[ -]?in\b|\bcrash|\bspinn|\bstuck\b|\bloading\b",
        "payment": r"付款|支付|扣款|\bpayments?\b|\bpaid\b",
        "refund": r"退款|退钱|\brefund",
        "return": r"退货|\breturns?\b",
        "message": r"短信|邮件|通知|提醒|\bsms\b|\be-?mails?\b|\btext message\b|\bnotif",
        "repair": r"维修|上门|\brepair|\btechnician\b",
        "coupon": r"优惠券|代金券|\bcoupons?\b|\bvouchers?\b",
        "account": r"账号|账户|\baccounts?\b",
        "password": r"密码|\bpassword\b",
        "contract": r"合同|\bcontracts?\b",
    }.items()
}
# How a system is called in an answer, by the subject of its tool.
SYSTEMS = {
    "parcel": ("物流系统", "logistics system"),
    "invoice": ("发票系统", "invoice system"),
    "order": ("订单系统", "order system"),
    "address": ("订单系统", "order system"),
    "stock": ("库存系统", "stock system"),
    "trouble": ("错误日志", "error log"),
    "payment": ("支付系统", "payment system"),
    "refund": ("退款系统", "refund system"),
    "return": ("售后系统", "after-sales system"),
    "repair": ("维修系统", "repair system"),
    "message": ("通知系统", "notification system"),
}
ACTS: Table = {
    name: re.compile(words)
    for name, words in {
        "cancel": r"取消|撤销|撤回|退订|退单|退掉|不想?要了|\bcancel(?:l?ed)?\b|\bcall off\b|\bwithdraw\b",
        "change": r"修改|更改|变更|更换|更正|换[成到个一]|改[成到为一个下了掉]|改(?=[地收送手电名日时密吗么]|$)"
        r"|(?:要|想|帮我)改|\bchanged?\b|\bupdated?\b(?! on)|\bmodif(?:y|ied)\b|\bedit(?:ed)?\b|\bswitch\b|\bcorrect (?:the|my|this|it)\b",
        "reissue": r"重开|重新开|换开|红冲|冲红|红字|重出|\bre-?issued?\b|red.letter|\bissued?\b.{0,20}\bagain\b",
        "delete": r"删除|删掉|注销|移除|解绑|\bdeleted?\b|\bremoved?\b|\bunlink\b|\bclose my\b",
        "refund": r"退款|退钱|\brefund(?:ed)?\b",
        "return": r"退货|\breturn(?:ed)?\b",
        "exchange": r"换货|\bexchanged?\b|\breplaced?\b",
        "resend": r"补发|重发|\bresend\b|\breship\b",
        "urge": r"催一?[下单]|催促|加急|\bexpedite\b",
        "book": r"预约|预订|\bbook\b|\bschedule\b|\breserve\b",
        "register": r"登记|报名|绑定|开通|激活|\bregister\b|\bactivate\b|\bsubscribe\b",
        "block": r"冻结|挂失|\bfreeze\b|\bblock\b",
    }.items()
}
UNDOES = re.compile(r"撤回|退回|撤销|取消|追回|解除|\bundo\b|\bcancel|\bwithdraw\b|\brevoke\b")
# A question may call an act by the name of another one, where its subject is the tool's.
NEAR_ACTS = {("change", "reissue"), ("cancel", "return"), ("cancel", "refund")}
# What the words of an enumeration's members, and of questions, say.
REASONS: Table = {
    name: re.compile(words)
    for name, words in {
        "wrong": r"错|不对|不正确|有误|\bwrong\b|\bincorrect\b|\bmistake\b",
        "title": r"抬头|\btitle\b|\bbuyer\b",
        "tax": r"税号|纳税人识别号|\btax\b",
        "amount": r"金额|数额|\bamount\b|\bprice\b",
        "duplicate": r"重复|\bduplicate\b|\btwice\b",
        "damaged": r"破损|损坏|坏了|碎了|\bdamaged?\b|\bbroken\b",
        "late": r"太慢|太晚|迟到|\blate\b|\bslow\b",
        "unwanted": r"不想要|不要了|不需要|\bunwanted\b|\bno longer\b|\bchanged (?:my )?mind\b",
        "lost": r"丢失|弄丢|\blost\b|\bmissing\b",
        "address": r"地址|\baddress\b",
        "email": r"邮件|邮箱|\be-?mail\b",
        "sms": r"短信|\bsms\b|\btext message\b",
    }.items()
}


def found(table: Table, text: str) -> frozenset[str]:
    """The entries of a table that a text of any language names. `text` is `plain` already."""
    return frozenset(name for name, pattern in table.items() if pattern.search(text))


def spaced(text: str) -> str:
    """A name or member as words: "cancel_order" is "cancel order"."""
    return plain(text.replace("_", " ").replace("-", " "))

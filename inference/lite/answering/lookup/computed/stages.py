"""What may happen to a thing, by the words of papers and people: bought, installed, delivered."""

import re

STAGES = {
    name: re.compile(words, re.IGNORECASE)
    for name, words in {
        "bought": r"购[买机物货车]|买(?:的|入|到)|销售日期|purchas|\bbought\b|\bbuy",
        "installed": r"安装|装机|install",
        "picked up": r"揽[收件]|已揽|收件时间|picked up|collected by",
        "out": r"派[送件]中?|out for delivery",
        "received": r"签收|收到|收货|到货|送达|妥投|receiv|(?<!for )deliver(?:y|ed)\b|\barriv",
        "ordered": r"下单|订购|订单(?:日期|时间)|创建时间|\border(?:ed|s)?\b(?! (?:no|num|id|#))|placed",
        "paid": r"付款|支付|缴[费款]|\bpaid\b|\bpayment\b",
        "sent": r"发货|寄出|发出|\bship(?:ped|ping|ment)?\b|dispatch|\bposted\b|\bsent\b",
        "invoiced": r"开票|开具|出票|\binvoice|\bissued?\b|billing",
        "signed": r"签[订署字]|\bsign(?:ed|ing|ature)?\b",
        "accepted": r"验收|acceptance",
        "made": r"生产|出厂|制造|manufactur|\bmade\b|produced",
        "departs": r"起飞|出发|发车|开车时间|开船|depart|\bdep\b|take-?off|sailing",
        "arrives": r"到达|抵达|落地|arriv",
        "starts": r"开始|开场|开演|起始|\bstarts?\b|\bbegins?\b|event",
        "ends": r"结束|终止|完成|\bends?\b|finish|until",
        "checks in": r"入住|check-?in",
        "checks out": r"离店|退房|check-?out",
        "activated": r"激活|开通|启用|办[卡理]|activat",
        "lent": r"借[出阅书]|起租|取车|borrow|\brent(?:al|ed)? (?:from|start)|pick-?up",
        "returned": r"归还|还[书车]|\breturn(?:ed)?\b",
        "repaired": r"维修|送修|修好|repair",
    }.items()
}
NOW = re.compile(r"现在|此刻|即日|今天|\bnow\b|today")
LETTER = re.compile(r"本?(?:邮件|函|通知|信)|\be-?mail|\bletter|\bnotice|\bmessage", re.IGNORECASE)


def stages_in(text: str) -> set[str]:
    return {name for name, words in STAGES.items() if words.search(text)}


def stages_meant(text: str) -> set[str]:
    """The stage that the words of a beginning name: "receiving your order" is no order.

    The main word stands first in English and last in Chinese.
    """
    found = [(match, name) for name, words in STAGES.items() for match in words.finditer(text)]
    if not found:
        return set()
    if text.isascii():
        main = min(match.start() for match, _ in found)
        return {name for match, name in found if match.start() == main}
    main = max(match.end() for match, _ in found)
    return {name for match, name in found if match.end() == main}

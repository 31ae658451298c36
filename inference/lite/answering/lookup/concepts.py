"""What people ask for in words that no paper prints: 几点上飞机 is behind 登机时间, 罚多少 behind
违约金. Each is a pattern of questions and one of labels."""

import re
from collections.abc import Sequence

TABLE = (
    (
        r"(?:app|软件|应用|客户端|小程序|程序)[^,，?？]{0,8}(?:版本|version)|\b(?:which|what) (?:app )?version\b|(?:app|software) version",
        r"(?:app|应用|软件|客户端|程序)版本|^版本号?$|\b(?:app )?version\b",
    ),
    (r"固件|firmware", r"固件|firmware"),
    (
        r"(?:安卓|鸿蒙|手机|操作)?系统[^,，?？]{0,6}版本|什么系统|哪个系统|\b(?:which|what) (?:os|operating system)\b",
        r"系统(?:版本)?$|\bos\b|operating system",
    ),
    (
        r"(?:时候|几点|何时|哪天)[^,，?？]{0,4}(?:报的?错|出的?错|出的?事|出的?问题|出现|坏的|崩|发生|断的)"
        r"|\bwhen did (?:it|this|that|the (?:error|crash|failure|fault)) (?:happen|occur|fail|crash|break|go wrong)"
        r"|\b(?:what time|when)\b.{0,24}\b(?:error|crash|failure|fault)",
        r"(?:发生|报错|错误|故障|异常|出错|崩溃)时间|occurred|\btime(?:stamp)?$|(?:error|failure|crash) time",
    ),
    (
        r"序列号|机身码|机器码|(?<![a-z])s/?n(?![a-z])|serial",
        r"序列号|机身(?:编|号)码?|设备编?码|(?<![a-z])s/?n(?![a-z])|serial",
    ),
    (r"(?:上|登)(?:飞)?机(?!口|牌|[^,，?？]{0,6}(?:截止|停止|不让))|\bboard(?:ing)?\b(?! pass)", r"登机时间|登机$|boarding(?: time)?$|bdt"),
    (
        r"起飞|发车|开车|几点(?:出发|开|走)|\b(?:take ?off|depart|leave)",
        r"起飞|发车|开车时间|出发时间|\bdep(?:arture|arts)?\b",
    ),
    (
        r"几点(?:到|能到|落地)|落地|\b(?:what time|when) (?:do|does|will) (?:i|we|it) (?:arrive|land|get there)",
        r"到达时间|抵达|落地|\barr(?:ival|ives)?\b",
    ),
    (
        r"(?:登机口|登机|检票)[^,，?？]{0,6}(?:关|截止|停止|不让|不能)|停止(?:登机|检票)|\bgate (?:close|shut)|stop boarding",
        r"关闭|截止|停止(?:登机|检票)|clos(?:es?|ing)",
    ),
    (r"登机口(?![^,，?？]{0,6}(?:关|截止|停止|不让|不能))|哪个口|which gate|what gate", r"登机口|\bgate\b"),
    (r"检票口", r"检票口"),
    (r"坐(?:在)?哪|座位|座号|几号座|\bseat\b|where (?:do|should) i sit", r"座位|座号|\bseat\b"),
    (
        r"多重|重量|几斤|(?:几|多少)(?:公?斤|千克|kg)|\bheavy\b|\bweigh",
        r"[毛净]?重量?$|weight$|\bwt\b",
    ),
    (
        r"税(?!号|率|点)|\b(?:tax|vat|gst)\b(?! (?:no|number|id|rate|reg))",
        r"税额|税金|税费|^税$|^(?:incl(?:udes|uding|\.)? |of which )?(?:[a-z]{2,9} )?(?:tax|vat|gst)(?: at| amount| \(|$| \d)",
    ),
    (r"罚|违约|滞纳|赔付?多少", r"违约|滞纳金|罚[款金]|赔偿|penalt"),
    (r"保(?:了)?价|值多少|声明价值|insured|declared value|worth", r"声明价值|保价|insured|declared"),
    (
        r"放(?:在|到)?(?:了)?(?:哪|什么地方)|搁哪|\bwhere (?:was|did) (?:it|they|he|she)\b.{0,12}\bleft?|\bleave (?:it|my|the)",
        r"投放|存放|放置|\bleft at\b|\bplaced\b",
    ),
    (r"谁(?:来|给我|帮我|上门)?(?:装|安装)的?|\bwho (?:fitted|installed)", r"安装(?:师傅|人|工)|install|fitted by"),
    (r"谁(?:来|给我|帮我|上门)?修|\bwho (?:repaired|fixed|did the repair)", r"维修(?:师傅|人|工)|technician|repaired by"),
    (r"(?:时候|哪天|几号|何时)买|买的(?:日期|时间)|\bwhen did i (?:buy|purchase)", r"购买|购机|purchase"),
    (r"(?:时候|哪天|几号|何时)(?:装|安装)|\bwhen (?:was it|were they) (?:fitted|installed)", r"安装(?:日期|时间)|install|fitted"),
    (r"(?:时候|哪天|几号|何时)(?:出厂|生产|造)|出厂|\bmanufactured\b|\bmade on\b", r"出厂|生产日期|manufactur"),
    (r"入住|\bcheck(?:ing)?[ -]?in\b", r"入住|check-?in"),
    (r"退房|离店|\bcheck(?:ing)?[ -]?out\b|\bhave to leave the room", r"退房|离店|check-?out"),
    (r"(?:时候|哪天|几号|何时)[^,，?？]{0,3}(?:能|会|可以|才)?到(?:货)?\W*$|\bwhen (?:will|does|should|is) (?:it|my|the)\b.{0,24}(?:come|arriv|here|due|expect)", r"预计|要求到货|^expected|estimated|\beta\b"),
    (r"还(?:剩|有)多少(?:钱|余额)?|余额|\bbalance\b|how much (?:is|do i have) left", r"余额|balance"),
)  # fmt: skip
CONCEPTS = tuple(
    (re.compile(question, re.IGNORECASE), re.compile(label, re.IGNORECASE))
    for question, label in TABLE
)


def meant(question: str) -> list["re.Pattern[str]"]:
    """The labels that a question means."""
    return [label for asks, label in CONCEPTS if asks.search(question)]


def is_of_other(label: str, patterns: Sequence["re.Pattern[str]"]) -> bool:
    """Whether a label is of something else than what the question means: 起飞 for 几点登机."""
    if not patterns or names(label, patterns):
        return False
    return any(one.search(label) for _, one in CONCEPTS)


def names(label: str, patterns: Sequence["re.Pattern[str]"]) -> bool:
    return any(one.search(label) for one in patterns)

"""What sort of thing a question asks for, and of what sort a value is."""

import re
from enum import Enum


class Sort(Enum):
    MONEY = "an amount of money"
    TIME = "a date or a time of day"
    LENGTH = "how long something lasts"
    COUNT = "how many"
    SIZE = "a weight or a measure"
    RATE = "a share"
    PHONE = "a phone number"
    NUMBER = "a number or a code"
    NAME = "a person or a firm"
    PLACE = "a place"
    REASON = "why"


UNITS = "栋层个件张箱台盒条份瓶袋只支把位次笔样双套包本根块桶罐杯间晚页盘碗"
HAN = r"[\u3400-\u9fff]"
# What people ask with. The first that fits decides; a question may leave the sort open.
ASKED: tuple[tuple[Sort, str], ...] = (
    (Sort.REASON, r"为什么|为啥|为何|原因|怎么没|凭什么|\bwhy\b|\breason"),
    (Sort.PHONE, r"电话|手机|热线|怎么联系|联系方式|\bphone|\bcall\b|\btelephone"),
    (Sort.RATE, r"税率|几个点|几成|几折|百分之|利率|费率|比例|\brate\b|per ?cent"),
    (
        Sort.SIZE,
        r"多重|多大|多宽|多高|重量|(?:几|多少)(?:公?斤|千克|克|升|度|吨|米|平)|面积|尺寸|尺码|型号|规格|几码"
        r"|\bweigh|\bsize\b|\bhow (?:big|heavy|wide|tall|large)\b",
    ),
    (
        Sort.LENGTH,
        r"多久|多长|(?:几|多少)个?(?:工作日|天|小时|分钟|月|年|周|星期)|几天|期限"
        r"|\bhow (?:long|soon|many (?:days|hours|weeks|months|years|nights)|much (?:notice|time))\b",
    ),
    (
        Sort.COUNT,
        rf"(?:几|多少)[{UNITS}人]|数量|\bhow many\b|\bquantity\b",
    ),
    (
        Sort.NUMBER,
        r"[单编账卡票证订]号|号码|(?<!几)[码号](?:是|多少|发|给|呢|\W|$)|几号(?=[桌油枪楼门线车窗机柜厅])|哪个号|车牌|哪一?[桌座台]"
        r"|\bnumber\b|\bcode\b|\b(?:no|id|ref(?:erence)?|account|registration)\b",
    ),
    (
        Sort.TIME,
        r"什么时[候间]|啥时候?|哪一?[天日年]|几[号点月]|何时|几时|哪个月|日期|时间|多晚|最[晚迟早]|截止"
        r"|\bwhen\b|\bwhat (?:time|date|day)\b|\bwhich (?:day|date|month)\b|\bdate\b|\bdeadline\b|\bdue\b|\bby what\b",
    ),
    (
        Sort.MONEY,
        r"多少钱|几块|几元"
        r"|[付花退收扣减省抵赔补交给充存欠罚]了?(?:我|你|您|他)?(?:了|掉)?多少|多少(?=$|\W)"
        r"|\bhow much\b",
    ),
    (
        Sort.NAME,
        r"谁|哪一?家|哪个?(?:公司|店|银行|人|单位|机构|医院|学校|师傅|客服)|什么(?:公司|店|人|单位|银行)|叫(?:什么|啥)"
        r"|\bwho(?:m|se)?\b|\bwhich (?:company|shop|store|bank|firm|person|carrier)\b|\bname\b",
    ),
    (
        Sort.PLACE,
        r"哪(?:里|儿|边)|[在去从到自]哪(?!一?[个类种家条张天])|地址|地点|什么地方|哪个?(?:城市|地方|站|分?店|驿站|网点|省|仓库?)|\bwhere\b|\baddress\b|\bwhich (?:city|place|station)\b",
    ),
    (
        Sort.MONEY,
        r"[金总差余税]额|[单总票定原售]价|费用|价格|[房租押定税]金|[运租邮管]费"
        r"|\bprice\b|\bcost|\bamount\b|\bfee\b|\btotal\b|\bcharged?\b",
    ),
)
PATTERNS = tuple((sort, re.compile(words, re.IGNORECASE)) for sort, words in ASKED)

A_NUMBER = r"[\d零一二两三四五六七八九十百千万半]"
OF_VALUE = {
    Sort.MONEY: rf"[¥￥$€£]\s?\d|(?:{A_NUMBER}|\d\))\s?[元块角]|\d\.\d{{2,8}}(?!\d)|RMB|CNY|[个半]月\S{{0,2}}租金|免费|免运费|包邮|\bfree\b|{A_NUMBER}分之|%",
    Sort.TIME: r"\d{4}\s?[-/年.]\s?\d{1,2}|\d{1,2}\s?月\s?\d|\d{1,2}[:：]\d{2}|\d{1,2}[-/]\d{1,2}|[点时]半?|[今明昨后当次]天|当?[天日]|\d\s?[日号]"
    r"|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\b|\b\d{1,2} ?[ap]\.?m\b|today|tomorrow",
    Sort.LENGTH: rf"{A_NUMBER}\s?个?(?:工作日|自然日|天|日|小时|分钟|月|年|周|星期|晚)|\b(?:days?|hours?|weeks?|months?|years?|minutes?|nights?)\b|[至到~—-]",
    Sort.COUNT: rf"(?<![\d.]){A_NUMBER}{{1,6}}(?![\d.]*\.\d\d)|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b",
    Sort.SIZE: r"\d",
    Sort.RATE: r"\d\s?%|免税|折|分之",
    Sort.PHONE: r"(?<![A-Za-z\d])\d{3,4}[- ]?\d{3,4}[- ]?\d{3,4}(?!\d)|1\d\d[\d*]{8}|(?<![A-Za-z\d])\d{5,12}(?!\d)",
    Sort.NUMBER: r"[\d*]",
    Sort.NAME: rf"{HAN}{{2}}|[A-Za-z]{{2}}|\*{HAN}",
    Sort.PLACE: rf"{HAN}{{2}}|[A-Za-z]{{2}}",
    Sort.REASON: rf"{HAN}{{3}}|[A-Za-z]{{3}}",
}
VALUES = {sort: re.compile(form, re.IGNORECASE) for sort, form in OF_VALUE.items()}
OPEN = re.compile(
    r"(?:吗|(?<![什怎])么)\W*$|怎么|如何|咋|是不是|有没有|能不能|可不可以|是否|要不要|还是|^\W*(?:is|are|was|were|do|does|did|can|could|should|will|has|have|am)\b",
    re.IGNORECASE,
)
NUMBERED = re.compile(
    r"多少|几|谁|哪|什么时候|怎么联系|\b(?:how|when|who|where|which)\b", re.IGNORECASE
)
WORD = re.compile(HAN + r"{2}|[A-Za-z]{3} ")
DATE = re.compile(r"(?:19|20)\d{2}[-/年.]\d{1,2}[-/月.]\d{1,2}日?")
TIMED = re.compile(r"\d{1,2}[:：]\d{2}(?!\d)|\d{4}[-/年.]\d{1,2}[-/月.]\d{1,2}")
PRICE = re.compile(r"[-+−]?[¥￥$€£]?\s?[\d,]{1,12}\.\d{2}")
# The words of labels behind which a sort stands.
OF_LABEL = {
    Sort.MONEY: r"[额价费金款钱]|小计|合计|实[付收发]|[应需][付收发]|amount|price|total|cost|fee|due",
    Sort.TIME: r"日期|时间|[日时]$|date|time|check-|due|deadline|\bby\b",
    Sort.LENGTH: r"期|时长|时效|period|term|duration",
    Sort.COUNT: r"数|qty|quantity|count|guests|pieces",
    Sort.NUMBER: r"号|码|编号|\bno\b|number|code|\bid\b|ref",
    Sort.PHONE: r"电话|手机|热线|联系|phone|tel|call",
    Sort.NAME: r"[人方者商家员]$|名|单位|公司|name|\bby\b|from|clerk|cashier|driver",
    Sort.PLACE: r"地|址|[点处站]$|位置|from|\bto\b|address|location|place",
    Sort.SIZE: r"重|规格|型号|尺寸|面积|容量|数量|weight|size",
    Sort.RATE: r"率|rate|%",
    Sort.REASON: r"原因|说明|reason",
}
LABELS = {sort: re.compile(words, re.IGNORECASE) for sort, words in OF_LABEL.items()}
# Why: a sentence that gives a cause.
CAUSE = re.compile(
    r"因|由于|承担|扣除|拒绝|不足|不符|超过|超出|失效|过期|已?(?:关闭|停用|冻结)|\b(?:because|due to|since|insufficient|exceed|expired)",
    re.IGNORECASE,
)
ONLY_AMOUNT = re.compile(r"[-+−]?\s?[¥￥$€£]?\s?[-+−]?[\d,. ]{1,16}\s?元?")
ONLY_TIME = re.compile(r"[\d\s:/年月日.,T-]{6,24}")


def asked(question: str) -> Sort | None:
    """None where the question leaves it open: what, which, whether, how."""
    if PATTERNS[0][1].search(question):
        return Sort.REASON
    if OPEN.search(question) and not NUMBERED.search(question):
        return None
    return next((sort for sort, words in PATTERNS if words.search(question)), None)


def is_named_so(label: str, sort: Sort | None) -> bool:
    """Whether a label says that a value of the sort stands behind it."""
    return sort is not None and LABELS[sort].search(label) is not None


def fits(value: str, sort: Sort | None, *, is_labelled: bool = False) -> bool:
    """Whether a value may be what is asked for. One behind a label is of one sort alone; a
    sentence may have several."""
    if sort is None:
        return True
    if sort in (Sort.NAME, Sort.PLACE, Sort.REASON) and (
        ONLY_AMOUNT.fullmatch(value) or ONLY_TIME.fullmatch(value)
    ):
        return False
    if sort is Sort.MONEY and DATE.fullmatch(value.strip()):
        return False
    if is_labelled and sort is Sort.NAME and TIMED.search(value):
        return False
    if sort is Sort.NUMBER and (DATE.match(value) or PRICE.fullmatch(value)):
        return False
    is_number = sum(map(str.isdigit, value)) * 2 > len(value) and not WORD.search(value)
    if sort in (Sort.NAME, Sort.PLACE) and is_number:
        return False
    return bool(VALUES[sort].search(value))

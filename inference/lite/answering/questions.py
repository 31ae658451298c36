"""What a question asks for: its parts, and what each part wants."""

import re
from dataclasses import dataclass
from enum import Enum
from functools import cache

from opencc import OpenCC

from inference.lite.answering.field_words import FIELDS

MAX_QUESTION = 2_000  # characters that are looked at
MAX_PARTS = 3
SHORTEST = 3  # characters of a part of its own

SENTENCE = re.compile(r"[?？!！。;；\n]")
COMMA = re.compile(
    r"[,，]|\s(?=(?:also|n|& )\b)|\s(?=and (?:how|what|when|where|why|who|can|is|do)\b)|(?=另外|还有|以及|顺便)"
)
ASKING = re.compile(
    r"多少|什么|啥|哪|几|吗|么|呢|谁|怎|如何|咋|能不能|可不可以|能否|是否|有没有|多久|多长|为何|了没有?(?:\W|$)"
    r"|\b(?:what|how|when|where|why|who|whose|which)\b"
    r"|^\W*(?:(?:and|or|but|so|also|then|please|sorry|hi|hello)\W+)?"
    r"(?:can|could|is|are|was|were|has|have|does"
    r"|do|did|will|would|should|may)\b",
    re.IGNORECASE,
)
HELP = re.compile(
    r"怎么|如何|怎样|咋|怎办|办法|解决|处理|为什么|为[何啥]|原因|能不能|可以|能否|流程|规则|政策|条件|退|换|赔|保修|质保"
    r"|维修|运费|邮费|包邮|申请|(?:在哪|哪里|哪儿)(?:看|查|找|可以|能|申请|开)|取消|修改|更改|有效期|过期|没收到|一直|几天没|不动"
    r"|\bhow (?:do|can|to|should|long|many)\b|\bwhy\b|\bfix|\bsolve|\bcan i\b|\bshould\b|policy|\bhelp\b"
    r"|refund|return|exchange|warranty|shipping (?:fee|cost)|postage|free shipping|cancel|expire",
    re.IGNORECASE,
)
WHICH = re.compile(
    r"多少(?!天|久)|是什么|(?:什么|啥)(?:东西|商品|名字|公司)?(?:\W|[吗呢啊]|$)"
    r"|是啥|几号|哪[个家趟]|谁|\bwhat(?:'s| is| was| are)\b|\bwhich\b|\bwho\b"
    r"|how much",
    re.IGNORECASE,
)
# "是不是1130块": a sum that the picture may show.
SUM = re.compile(
    r"(?:是不是|是|\b(?:is|was) (?:it|that|this))\s?[¥￥$€£]?\s?\d[\d,.]{0,14}\s?"
    r"(?:块钱?|元|yuan|dollars|euros|[¥$€£])?",
    re.IGNORECASE,
)
# The refund of a picture, not the rule about refunds.
REFUND_FIELD = re.compile(
    r"退款(?=金额|编号|单号|日期|账户)|退(?=了(?:我|给我)?多少(?![天久]))|\brefund(?:ed)?(?= (?:amount|number|date|total))",
    re.IGNORECASE,
)
# These ask for money or time of a rule, whatever else they name.
RULE = re.compile(
    r"运费|邮费|包邮|保修|质保|多久到[账帐]|手续费|(?:怎么|如何|怎样|能不能|可以|能否)[^?？]{0,12}(?:改|换|开|退|申请|修)"
    r"|(?:写错|开错|填错)|shipping (?:fee|cost)|postage|free shipping|warranty",
    re.IGNORECASE,
)
ARRIVAL = re.compile(
    r"(?:什么时候|啥时候|几时|何时|哪天|几号|多久|几天|多长时间)(?:才|能|会|可以|可|大概|我|就|送|收){0,4}"
    r"(?:到(?![账帐])|送达|收到|送)|\bwhen (?:will|does|is|do|can)\b.{0,60}(?:arriv|deliver|here|come|get it)"
    r"|\beta\b|(?:estimated|expected) (?:delivery|arrival)",
    re.IGNORECASE,
)
STATE = re.compile(
    r"到哪|到了哪|在哪(?:儿|里|个城市|个站)?(?:了|呢|\W|$)|走到|物流(?:状态|信息|进度|进展|情况)?(?:呢|怎么样|如何|是什么|\W|$)"
    r"|到[\u3400-\u9fff]{2,6}了(?:吗|么|没)|在哪一?个(?:网?点|站点?|中转站|地方|位置)"
    r"|(?:签收|送到|送达|到货|发货|寄出|派送|揽收|付款|支付|退款)(?:成功)?(?:了(?:吗|么|没|嘛|$)|没有?(?:$|\W))"
    r"|(?:是否|有没有|是不是)(?:已经|已)?(?:签收|送达|送到|发货|发出|付款|支付)|到了(?:吗|没|么)"
    r"|谁(?:代|帮我)?(?:签收|收)的|状态|进度|(?:付款|支付|退款)成功(?:了)?(?:吗|么|没)"
    r"|\bwhere(?:'s| is| are)\b.{0,20}\b(?:it|parcel|package|order|delivery|shipment|stuff)\b"
    r"|\bwho signed\b"
    r"|\b(?:has|is) (?:it|this|the (?:parcel|package|order)|my (?:parcel|package|order)) (?:already )?(?:left|departed|reached)\b"
    r"|\b(?:is|was|are|has|have|did)\b.{0,30}\b(?:delivered|shipped|dispatched|arrived?|paid|go through"
    r"|gone through|succeed(?:ed)?)\b|\bstatus\b|\btrack (?:my|it|this|the)\b",
    re.IGNORECASE,
)
# The company's own place is no parcel's.
PLACE = re.compile(
    r"(?:门店|实体店|分店|店铺|店面|商店|总部|你们|(?<!快递)(?<!物流)公司)"
    r"(?:地址|具体|现在|都|开|设|是)*在(?:哪|什么地方)"
)
# A parcel that is not there yet.
LATE = re.compile(
    r"(?:快递|包裹|物流|快件|订单|东西|商品|[这我]件|货)[^?？,，。]{0,10}"
    r"(?:还没|还不|迟迟[没不]|一直[没不]|没有?)有?(?:到|送|收到|发货|发出|动|更新|来)"
    r"|\b(?:parcel|package|order|delivery|shipment)\b.{0,40}\b(?:not|late|still|never|yet)\b"
    r"|\bwhy (?:hasn't|isn't|has|is)\b.{0,20}\b(?:parcel|package|order|delivery|shipment)\b",
    re.IGNORECASE,
)
# Whether one's refund is done: a state, not a rule.
REFUNDED = re.compile(
    r"退(?:款|给我|回|还)[^?？,，。能可会]{0,6}(?:了(?:吗|么|没|嘛)|没有?(?:$|\W))|退款(?:进度|状态|到哪)"
    r"|\b(?:is|was|has|have|did)\b.{0,30}\brefund\b.{0,20}\b(?:paid|issued|arrived?|through"
    r"|processed|completed?|received|come|sent|made|done)\b|\b(?:been|was|am|got|get) refunded\b",
    re.IGNORECASE,
)
REFUND = re.compile(r"退|钱|到[账帐]|refund|return|发票|invoice", re.IGNORECASE)
WORDS = re.compile(
    r"说了?(?:什么|啥|些什么)(?!时)"
    r"|写(?:了|的|着)?(?:什么|啥|些什么)|写的是|什么字|文字|读(?:一下|出来?)|念(?:一下|出来)|提取|内容(?:是什么|有哪些)?"
    r"|what (?:does|do) (?:it|this|that|they|the (?:picture|image|screenshot|page|screen))s? say"
    r"|what did (?:he|she|they|it) say"
    r"|transcribe|read (?:it|this|the|out)|(?:text|words) (?:in|on|of)",
    re.IGNORECASE,
)
PICTURE = re.compile(
    r"这张|这[个幅]?(?:截?图|照片|画面)|上面的图|[截]?图[片]?[里中上]|照片[里中上]|截图(?:里|中|上|显示)|如图|见图"
    r"|(?:this|the|my|attached) (?:picture|image|screenshot|photo|invoice|receipt)"
    r"|(?:in|on) the (?:picture|image|screenshot|photo)",
    re.IGNORECASE,
)
# "那…呢", "what about …": asks for what was asked before, of something else.
ABOUT = re.compile(
    r"^\W*(?:那么?|还有|然后|(?:and |then )?(?:what|how) about|and\b)|呢\W*$", re.IGNORECASE
)
# A number of a parcel or an order, by its length.
LONG_NUMBER = re.compile(r"(?<![A-Za-z0-9])(?=[A-Za-z-]{0,6}\d{6})[A-Za-z0-9-]{8,40}")
# Somebody's own parcel or order, not parcels as such.
OWN = re.compile(
    r"我的|我买|我寄|帮我|帮忙|给我|查一?下|查查|这个|这单|\b(?:my|it|this|me)\b", re.IGNORECASE
)
# These ask what a picture says, whatever the company says.
SAYS = re.compile(
    r"说|写|讲|提到|上面|\b(?:say|says|said|written|mention|mentions|state|states)\b", re.IGNORECASE
)
# What is left without these words asks for nothing in particular: "please look at this".
FILLER = re.compile(
    r"请|麻烦|帮(?:我|忙)?|您|你|我|看(?:一?下|看|一看)?|瞧|这(?:张|个|些|是|里|种|样)?|那(?:张|个|些)?|图(?:片|中|里)?|截图|照片"
    r"|画面|屏幕|页面|显示|告诉|说(?:一下|说)?|解释|分析|识别|是|的|了|吗|呢|啊|呀|么|什么|啥|问题|情况|意思|怎么(?:了|回事|办|样|弄|处理|解决)?"
    r"|如何(?:处理|解决)|咋(?:办|回事|整)?|该|应该|有|和|并|发生|出(?:了)?|原因|为什么|错(?:误)?|报|现在|一下|回事|东西|到底|不懂|不明白|求助|急"
    r"|\b(?:please|look|at|see|check|tell|show|me|us|the|this|that|these|it|its|is|are|was|a|an|of|on|in|my|and"
    r"|picture|image|screenshot|screen|photo|what|whats|which|wrong|problem|issue|mean|means|meaning|should"
    r"|do|does|did|i|we|you|can|could|help|how|why|to|fix|solve|with|about|explain|happened|happening|going"
    r"|here|now|up|error|say|have|get|got|s)\b",
    re.IGNORECASE,
)
LEFT = re.compile(r"[\u3400-\u9fff]|[A-Za-z0-9][A-Za-z0-9_-]{1,60}")


class Want(Enum):
    """What a part of a question wants."""

    VALUES = "values of fields"
    STATE = "where a parcel is, or whether something is done"
    ARRIVAL = "when a parcel arrives"
    WORDS = "the words of a picture"
    SUMMARY = "nothing in particular"
    HELP = "what the company says"


@dataclass(frozen=True, slots=True)
class Part:
    """`fields` are the fields that the part names, in its order. `by_rule`: it asks how to do
    something, or what holds, and not for what a paper says."""

    text: str
    want: Want
    fields: tuple[str, ...] = ()
    by_rule: bool = False
    # Of a part that asks for fields one after the other: a part for each.
    single: tuple["Part", ...] = ()

    @property
    def asks_what_it_says(self) -> bool:
        return bool(SAYS.search(self.text))

    @property
    def only_names(self) -> bool:
        """Whether the part names something and asks nothing of it: "那我的包裹呢？"."""
        rest = ABOUT.sub(" ", self.text)
        return not self.by_rule and rest != self.text and not ASKING.search(rest)

    @property
    def wants_picture(self) -> bool:
        """Whether the part speaks of a picture that should be beside it."""
        return bool(PICTURE.search(self.text))


def parts_of(question: str) -> list[Part]:
    """The parts, at least one and MAX_PARTS at most, in order, in simplified characters."""
    made: list[str] = []
    pending = ""
    for piece in _pieces(simplified(question[:MAX_QUESTION])):
        pending = f"{pending} {piece}".strip()
        if ASKING.search(piece) and len(pending) >= SHORTEST:
            made.append(pending)
            pending = ""
    if pending:
        if made and not _is_own(pending):
            made[-1] = f"{made[-1]} {pending}"
        else:
            made.append(pending)
    made = [*made[: MAX_PARTS - 1], " ".join(made[MAX_PARTS - 1 :])]
    parts = _merged([_part(text) for text in made if text])
    named = [part for part in parts if part.want is not Want.SUMMARY]
    return named or parts[:1] or [Part("", Want.SUMMARY)]


def is_generic(text: str) -> bool:
    """Whether the text asks for nothing in particular, like the page's default question."""
    return len(LEFT.findall(FILLER.sub(" ", text[:MAX_QUESTION]))) == 0


def is_pure(text: str) -> bool:
    """Whether the text is the names of fields and filler alone."""
    for words in FIELDS.values():
        text = words.asks.sub(" ", text)
    return is_generic(text)


@cache
def _converter() -> OpenCC:
    return OpenCC("t2s")


def simplified(text: str) -> str:
    """Traditional Chinese characters → simplified ones."""
    return text if text.isascii() else str(_converter().convert(text))


def _pieces(question: str) -> list[str]:
    pieces: list[str] = []
    for sentence in SENTENCE.split(question):
        cut = [piece.strip() for piece in COMMA.split(sentence) if piece and piece.strip()]
        # A comma parts two questions, or a question from what it is about.
        asking = [piece for piece in cut if ASKING.search(piece)]
        pieces += cut if len(asking) >= 2 else [" ".join(cut)] if cut else []
    return pieces


def _is_own(text: str) -> bool:
    """Whether words that ask nothing are a question of their own: "运单号"."""
    return bool(_named(text)) and is_pure(text)


def _merged(parts: list[Part]) -> list[Part]:
    """Fields that are asked for one after the other are told in one sentence."""
    made: list[Part] = []
    for part in parts:
        last = made[-1] if made else None
        sums = last and "amount" in last.fields and "amount" in part.fields
        if last and last.want is part.want is Want.VALUES and not sums:
            fields = tuple(dict.fromkeys([*last.fields, *part.fields]))
            single = (*(last.single or [last]), part)
            made[-1] = Part(f"{last.text} {part.text}", Want.VALUES, fields, single=single)
        else:
            made.append(part)
    return made


def _part(text: str) -> Part:
    fields = _named(text)
    if ARRIVAL.search(text) and not REFUND.search(text):
        return Part(text, Want.ARRIVAL)
    helps = bool(HELP.search(REFUND_FIELD.sub("", text)))
    by_rule = helps or bool(RULE.search(text))
    asks_value = WHICH.search(text) and not helps
    if not fields and SUM.search(text) and is_generic(SUM.sub(" ", text)):
        return Part(text, Want.VALUES, ("amount",))
    if fields and not RULE.search(text) and (asks_value or is_pure(text)):
        return Part(text, Want.VALUES, fields)
    if WORDS.search(text) and not helps:
        return Part(text, Want.WORDS)
    if is_generic(text):
        return Part(text, Want.SUMMARY)
    if REFUNDED.search(text):
        return Part(text, Want.STATE)
    if STATE.search(text) and not helps and not PLACE.search(text):
        return Part(text, Want.STATE)
    return Part(text, Want.HELP, fields, by_rule)


BOTH = re.compile(r"[双两]方(?:是|分别|都|各|叫)|签约方|\bparties\b", re.IGNORECASE)
GENERAL_SUM = re.compile(r"多少钱|how much|花了?多少|[总一]共", re.IGNORECASE)
# Amounts of their own: "税额是多少钱" asks for no total.
OWN_SUMS = {"amount_without_tax", "tax_amount", "change", "discount", "shipping", "fee", "count"}


def _named(text: str) -> tuple[str, ...]:
    """The fields that the text names, in the order of the text."""
    found: list[tuple[int, str]] = []
    whole = text
    for name, words in FIELDS.items():
        match = words.asks.search(text)
        if match:
            found.append((match.start(), name))
            # Blanked, so that "税号" is not found in "购买方税号" again.
            text = words.asks.sub(lambda one: " " * len(one[0]), text)
    if both := BOTH.search(whole):
        found += [(both.start(), "party_a"), (both.start(), "party_b")]
    names = {name for _, name in found}
    if "buyer" in names and not names & {"seller", "seller_tax_number"}:
        found = [(at, "buyer_tax_number" if name == "tax_number" else name) for at, name in found]
    return tuple(
        name
        for at, name in sorted(found)
        if name != "amount" or not names & OWN_SUMS or not GENERAL_SUM.match(whole, at)
    )

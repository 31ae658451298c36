"""Words of a question that no clause answers: insults, and what is asked of the picture beside it.

They are not searched for, because a clause that happens to share them would be cited.
"""

import re

# Only what cannot be a subject: 垃圾 alone is one of a property manager's.
_BUSINESS = "平台|公司|客服|软件|系统|东西|玩意儿?|店铺?|商家|卖家|服务|快递|物流|网站|app"
INSULT = re.compile(
    rf"(?:什么|这|你们这?)?(?:垃圾|狗屁|傻逼|傻叉|黑心|无良|烂|破)(?:{_BUSINESS})"
    r"|骗子(?!网站)|坑人|坑爹|气死我?了?|气炸了?|太?差劲了?|烂透了?|太烂了?|混蛋|王八蛋|他妈的?|妈的"
    r"|傻逼|傻叉|去死|不要脸|无耻|恶心(?:死人?|人)了?|太?离谱了?|太过分了?|欺人太甚|tmd|滚蛋"
    r"|\b(?:you |this is |what an? |so |the )?(?:fucking|fuck|damn|bloody|ridiculous|pathetic"
    r"|outrageous|bullshit|crap|crappy|idiots?|morons?|scammers?|liars?|stupid|wtf"
    r"|disgusting|worst (?:service|company|shop) ever)\b",
    re.IGNORECASE,
)
# What only the picture says: one of its values, or what somebody in it promised.
OF_PICTURE = re.compile(
    "(?:订单号|运单号|单号|金额|税号|发票号码?|错误码|错误代码|编号)码?"
    "(?:是|写的是|显示的?是)?(?:多少|几|什么|啥|哪个)(?!意思)"
    "|(?:客服|对方|商家|卖家|店家|他|她)(?:最后)?(?:答应|承诺|说|回复|许诺|保证)"
    "(?:了|过|的|是|我|要|会|给|在){0,3}(?:什么时候|哪天|几[天号点]|多久|多少|什么|啥)"
    "|(?:图|图片|截图|照片|聊天|聊天记录)(?:里|中|上)(?:写|说|提到|显示)"
    r"|\b(?:what|which)(?:'s| is| was)? the (?:order|tracking|waybill|invoice|tax) (?:number|no|id)\b"
    r"|\b(?:when|what|how much) (?:did|does|do) (?:the )?(?:agent|seller|shop|they|he|she)"
    r" (?:promise|say|write|agree)\b"
)


def without_insults(text: str) -> str:
    return INSULT.sub(" ", text).strip(" ,，、")


def asks_picture(part: str) -> bool:
    """Whether a part of a question, normalised, asks what its picture shows."""
    return OF_PICTURE.search(part) is not None

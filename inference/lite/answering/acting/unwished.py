"""Words around an act that show that nobody wishes it now: it is denied, told by somebody else,
supposed, put off, tried already, or a part of a thing's name."""

import re

# Other people's words: in quotation marks, or lines of a forwarded message.
QUOTED = re.compile(r"[“\"「『‘][^“”\"「」『』‘’\n]{1,300}[”\"」』’]|(?:^|\n)\s?>[^\n]{0,300}")
# Denies the act behind it, up to another verb's "了" or a new clause.
DENIED = re.compile(
    r"(?:不要(?!了)|别(?![的人处])|不想(?!要)|不用|不必|不需要|先不|不许|不准|不打算|不同意|没让|没说过?|拒绝|避免|你敢|勿|甭|无需|无须|禁止|防止|怕|担心|没人"
    r"|又给我|凭什么"
    r"|谁让|谁叫|暂停|停止|撤销|恢复)[^,，。了]{0,60}$"
    r"|(?:n't|\bdo not|\bdont|\bwont|\bcannot|\bnever|\bnobody|\bno one|\bwithout|\bno need to|\brefuse[ds]? to|\bstop"
    r"|\bundo|\binstead of|\brather than|\bavoid)\b(?=[^,;]{0,60}$)"
    r"(?![^,;]{0,60}\b(?:please|pls|so|any ?more)\b)"
    r"|(?:解除|取消|撤回|退回)对?[^,，。了]{0,3}$"  # "取消挂失": undoes the act
    r"|(?:没有?|不(?!好意思|对|错))(?:再|给我|帮我|把它?|去)?[^,，。不]{0,4}$"
    r"|\bnot\s(?:\w{1,12}\s){0,2}$"
)
# Somebody else says or wants it.
REPORTED = re.compile(
    r"(?<!我)(?<!我[都刚也是再已])(?:说(?!一[下声])|让我|叫我|要求我|建议我?|劝我)|听说|有人|提示我|通知我要"
    r"|\b(?:said|says?|told|heard|wrote|writes|suggest(?:ed|s)?|advised?)\b"
    r"|\b(?:asks|asked|wants|wanted|tells) me\b"
)
SUPPOSED = re.compile(
    r"如果|假如|假设|倘若|要是|万一|除非|的话|不[^,，。]{1,6}就|后(?:多久|几天|会|怎|还|能|可)|之后|以后|考虑|犹豫|纠结|该不该"
    r"|\bif\b|\bafter i\b|\bonce i\b|\bunless\b|\bsuppos(?:e|ing)\b|\bassum(?:e|ing)\b|\bimagine\b|\bin case\b"
    r"|\bwhat about\b|\bthinking (?:about|of)\b|\bwas (?:going|about) to\b"
)
LATER = re.compile(
    r"(?:明天|后天|下周|下个?月|过几天|晚点|回头|以后|到时候?)再|\btomorrow\b|\blater\b|\bnext week\b"
)
# It was tried: what is wished is that it works, or to know why it does not.
TRIED = re.compile(
    r"的时候|提示|报错|出错|失败|没反应|点不|点了|按钮|已经?申请|\bwhen i\b|\b(?:tried|trying) to\b|\bfail(?:s|ed)?\b"
    r"|\berrors?\b|\byesterday\b|\balready\b"
)
PAST = re.compile(r"(?:已经|昨天|前天|上周|刚才|刚刚|之前)[^,，。]{0,8}$")
# "取消原因", "修改记录", "撤销取消": no act, but a part of something else.
THING = re.compile(
    r"^(?:的?)(?:原因|记录|进度|状态|规则|政策|时间|按钮|流程|条件|手?续?费|功能|页面|取消|撤销|撤回)"
    r"|^ (?:the |my |this )?cancell?ation"
)
# Takes a wish back, or puts it off, in the reply to a question back.
TAKEN_BACK = re.compile(
    r"算了|不(?:取消|改|退|办|弄|换)了|先不|等等|等一?下|等我|再想想|不用了|不需要了|稍后|晚点|回头|问[下问]|问一下"
    r"|\bkeep it\b|\bnever ?mind\b|\bdon't\b|\bdo not\b|\bwait\b|\bhold on\b|\bactually,? no\b|\blet me\b"
    r"|\blater\b|\bstop\b|\bforget it\b|\bno thanks\b"
)
# The whole message asks to look once more.
ONCE_MORE = re.compile(
    r"\A\W*(?:(?:请|麻烦)?(?:你|您)?(?:再|重新)(?:帮我|给我|去)?(?:查|看看|确认|问|试)(?:一?[下次遍]|看)?(?:吧|呢|好吗|可以吗)?"
    r"|(?:请|帮我)?(?:刷新|更新)一?下(?:状态|物流)?"
    r"|(?:那)?现在(?:呢|怎么?样了?|到哪了?|什么(?:状态|情况)了?)"
    r"|(?:帮我)?(?:查|看)一?下?最新的?(?:状态|进展|情况|物流|消息)?"
    r"|有(?:什么)?(?:新的?)?(?:进展|更新|消息|动静|变化)(?:了?[吗么没]|没有)?"
    r"|(?:please )?(?:can you |could you )?(?:check|look|try|refresh|track)(?: it| that| this)?(?: up)?"
    r"(?: once more| again| one more time| now)(?: please)?"
    r"|(?:please )?(?:refresh|once more|again)(?: please)?"
    r"|(?:is there )?any (?:updates?|news|change|progress)(?: now| yet| since)?"
    r"|(?:what about|how about|and) now)\W*"
)
MAX_BEFORE = 100  # characters of a clause before an act


def unquoted(text: str) -> str:
    """The text without what it quotes."""
    return QUOTED.sub(" ", text)


def is_taken_back(reply: str) -> bool:
    """Whether a reply, in `plain` form, takes the wish back that it was asked about."""
    return bool(TAKEN_BACK.search(reply))


def is_once_more(text: str) -> bool:
    """Whether a message, in `plain` form, only asks to look once more."""
    return bool(ONCE_MORE.fullmatch(text[:MAX_BEFORE]))


def is_denied(act: "re.Match[str]") -> bool:
    """Whether the clause denies the act that was found in it."""
    return bool(DENIED.search(act.string[max(0, act.start() - MAX_BEFORE) : act.start()]))


def is_thing(act: "re.Match[str]") -> bool:
    """Whether the act's word is a part of a thing's name."""
    return bool(THING.match(act.string[act.end() : act.end() + 24]))


def is_past(act: "re.Match[str]") -> bool:
    """Whether a word for an earlier time stands before the act."""
    return bool(PAST.search(act.string[max(0, act.start() - MAX_BEFORE) : act.start()]))


def is_not_now(clause: str) -> bool:
    """Whether the act of a clause is told by somebody else, or meant for another time."""
    return bool(REPORTED.search(clause) or LATER.search(clause))

"""Questions whether what was asked for is done: "办好了吗？", "is it done?"."""

import re

from gateway.assistant.intents import normal_text

MAX_CHARACTERS = 40
ASKS_STATE = re.compile(
    r"(?:办|弄|搞|处理|操作|取消|修改|改|提交|申请|退款?|重开|开票?|执行|生效|完成|成功|搞定)(?:好|完|成功?|掉)?了(?:吗|没|么|没有)"
    r"|(?:好|完|成)了(?:吗|没|么|没有)|(?:办|处理|进行)(?:得|的)?怎么样了|办到哪|什么进度|进度(?:怎么样|如何|呢)"
    r"|(?:有|出)结果了?(?:吗|没)|还没(?:办|弄|处理)?好(?:吗)?"
    r"|\b(?:is|was|are) (?:it|that|this|everything|my \w{1,20})(?: all)? (?:done|finished|complete(?:d)?"
    r"|cancel(?:l?ed)|changed|through|sorted|settled|confirmed|approved)"
    r"|\b(?:has|have) (?:it|that|this|you) (?:been )?(?:done|finished|completed|cancel(?:l?ed)|changed"
    r"|gone through|worked)(?: it| that)?|\bdid (?:it|that) (?:work|go through|succeed)"
    r"|^(?:done|finished|ready)(?: yet)?\??$|\bany (?:progress|news|update)s?\b|\bdone yet\b"
)


def asks_state(text: str) -> bool:
    told = normal_text(text)
    return len(told) <= MAX_CHARACTERS and ASKS_STATE.search(told) is not None

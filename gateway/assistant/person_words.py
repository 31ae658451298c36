"""The words of a wish for a person, in Chinese and English. `intents.py` says how they are used.

Patterns have bounded repeats only. They see texts in NFKC, lower case and simplified characters.
"""

import re

# A wish for a person. STRONG says it alone; WEAK names staff, whom a question may name as well.
_VERB = r"(?:转接?|接通?|找|换|叫|要|联系|安排|派|请|来)"
_ONE = r"(?:一?[下个位名]|到|成|给我|我|你们){0,2}"
_NO = r"(?:不要|不想要?|不用|不|别)(?:再)?(?:让|用|给我|发|拿|来)?(?:我)?(?:想?要?[跟和])?"
# Somebody who comes for a thing is no answer: "叫人来取件".
_NO_VISIT = r"(?![^,。]{0,3}[取拿收装修送搬量])"
_HUMAN = r"(?:real |live |actual |human |support |customer |service ){0,2}"
_STAFF = (
    r"(?:person|people|human|agent|representative|rep|operator|manager|supervisor|staff|team"
    r"|support|customer service|customer care|help ?desk"
)
_AN = r"(?:an? |the |your |some ?|any ?)?"
_BOT = r"(?:bots?|robots?|chatbots?)(?! vacuum| cleaner| mop| toy)"
STRONG = re.compile(
    r"(?:give me |get me |what is |what's )?(?:your |the )?(?:boss|manager|supervisor|ceo)(?:'s)?"
    r" (?:direct )?(?:phone|mobile|telephone|number|contact|e-?mail)(?: number| address)?"
    rf"|{_VERB}{_ONE}的?(?:人工(?!智能|费|成本)|真人|活人|大活人)(?:客服|服务(?!费)|坐席|座席)?"
    r"|(?:人工|真人)(?:客服|坐席|座席|接待|回[复答]|解答)|真人服务(?!费)"
    r"|(?:跟|和|与|找|让)(?:一?个)?(?:真人|活人|人)"
    r"(?:工)?(?:说话?|聊聊?|谈谈?|讲话?|沟通|对话|来)"
    rf"|(?:要|换|找|叫|派|让|请|来|给我)(?:一?[个位])?(?:真|活)?人(?:(?:过?来|帮){_NO_VISIT}"
    r"|处理|解决|回[复答话]|接听?|理我|管管?|跟我|联系我|看看|看一?下|$)"
    r"|有(?:没有)?(?:个)?(?:真|活)?人(?:能|可以)?(?:来)?(?:理我?|管管?|回我|回复|处理|帮我)"
    r"|(?:换|找|叫|让)(?:我|一?[个位]|你们)*(?:能|会|可以)?"
    r"(?:管事|负责|做主|说了算|解决问题|听得?懂人话|懂)的(?:人|来)?"
    r"|(?:你们的?|客服|专员|同事|经理|工作人员|派|让|叫|有|找个)(?:人员?)?"
    r"(?:来|尽快|主动)?(?:联系我|(?:给我|跟我)?(?:回个?|打个?)电话?)"
    rf"|{_NO}(?:这个|个)?(?:机器人|ai|自动回复)(?:说话?|聊天?|回复?)?"
    rf"|{_NO}机器人?(?:说|聊|讲|谈|沟通)话?"
    r"|(?:跟|和|与)(?:你们的?)?(?:一?[个位])?(?:在线)?客服(?:人员)?"
    r"(?:说|聊|谈|讲|沟通|对话|通话|反映)(?![过了完好的])"
    r"|人工(?!智能|费|成本)|有(?:没有)?(?:真人|活人)|真人在吗|(?:转|换|给我)一?个人(?![员们])"
    rf"|(?:talk|speak|chat)(?:ing)? (?:to|with) {_AN}{_HUMAN}"
    rf"{_STAFF}|someone|somebody|one|body|being)(?: (?:real|else|human))?"
    r"|(?:connect|transfer|put|pass|switch|escalate|take) (?:me |this |us )?(?:through |over )?"
    rf"(?:to|with) {_AN}{_HUMAN}{_STAFF}|one|someone)"
    r"|(?:real|live|actual|human) (?:person|human|agent|being|operator|representative|support"
    r"|chat)"
    r"|(?:want|need|get|give|like|have|reach|call)(?: me)? (?:an? |the |your )?"
    r"(?:human(?: being)?|agent|representative|operator|manager|supervisor|someone real)"
    r"|\bget (?:me )?(?:an? |some )?(?:person|human)\b"
    r"|\b(?:can|could|would|will|have|let|want|need|get) (?:an? |some )?"
    r"(?:human|person|agent|someone|somebody|anyone) (?:please |actually |to )?"
    r"(?:look at|read|review|call me|ring me|phone me|contact me|get back to me|talk to me|answer me"
    r"|reply to me)(?: back)?"
    r"|(?:someone|somebody|anyone) (?:from|in|at|on) (?:your |the )?"
    r"(?:customer )?(?:support|service|team|staff|company)"
    r"|(?<!客户)(?:老板|领导|主管|负责人|经理)的?(?:电话|手机|微信|联系方式)号?码?"
    r"(?:给我|发我|发给我|告诉我|是多少|多少)?"
    rf"|(?:not|no|no more|stop|don't want(?: a| the)?) (?:an? |this )?{_BOT}"
    r"|(?:not|don't|do not|stop|hate|tired of|sick of)(?: want| wanna| like)?(?: to)? "
    r"(?:talk|speak|chat)(?:ing)? (?:to|with) (?:an? |the |this )?"
    r"(?:bot|robot|chatbot|machine|computer|ai)s?"
)
WEAK = re.compile(
    rf"{_VERB}{_ONE}的?(?:在线)?"
    r"(?:客服|专员|工作人员|经理|主管|负责人|领导)(?:人员)?(?:来|过来|处理|出来)?"
    r"|(?:anyone|anybody|someone|somebody)(?: there| here)?(?: who| that)?(?: can| could| to)?"
    r" (?:actually |please |really )?(?:help|assist)"
)
PERSON_ALONE = frozenset(
    (
        *("真人", "活人", "客服", "agent", "human", "representative", "operator", "manager"),
        *("supervisor", "person", "customer service", "customer support", "support", "live chat"),
        *("live agent", "help desk"),
    )
)
POLITE = ("please", "now", "hi", "hello", "a", "an", "the", "请", "麻烦", "你好", "呢", "吧", "啊")
PERSON_NOT = re.compile(r"(?:不用|不需要|无需|不必|不想|别)(?:再)?(?:转|找|联系|要)?(?:人工|客服)")
# How a wish is put, without making a question of it.
PERSON_FRAMES = (
    *(
        "能不能",
        "可不可以",
        "可以",
        "能",
        "有没有",
        "有",
        "怎么才能",
        "怎么",
        "如何",
        "怎样",
        "哪里",
    ),
    *("在哪", "在哪里", "为什么不", "我想问一下", "我要求", "我要", "我想", "想要", "想", "需要"),
    *("马上", "立刻", "赶紧", "赶快", "快点", "快", "现在", "直接", "尽快", "给我", "帮我", "帮忙"),
    *("帮", "请", "麻烦", "一下", "就", "我", "你们", "你", "吗", "么", "嘛", "吧", "呢", "啊"),
    *("了", "的", "呀", "都", "还是", "到底", "服务", "处理", "解决", "来", "在线", "谢谢", "您好"),
    *(
        "你好",
        "要",
        "行不行",
        "行",
        "好",
        "是",
        "how do i",
        "how can i",
        "how to",
        "can i",
        "may i",
    ),
    *("could i", "can you", "could you", "would you", "will you", "is there", "i would like to"),
    *("i'd like to", "i would", "i'd", "i want to", "i want", "i need to", "i need", "i wish to"),
    *("let me", "just", "please", "now", "here", "right", "asap", "get", "give me", "a way to"),
    *("instead", "want", "need", "to", "me", "i", "a", "an", "the", "with", "hi", "hello", "who"),
    *("is", "real", "human", "not", "someone", "from", "your", "team", "some", "hey", "thanks"),
    *(
        "看看",
        "看一下",
        "理",
        "出来",
        "跟",
        "和",
        "rather",
        "prefer",
        "anyone",
        "there",
        "on",
        "this",
    ),
)
ASKS = re.compile(
    r"怎么|如何|多久|多少|几|为什么|什么|哪|吗|是否|还是|要不要|费|收|价|上班|时间|号码|营业|电话"
    r"|\b(?:how|what|when|where|why|which|do i|does|should|must|is it|are there|cost|fee|charge|hours?|price|number|time)\b"
)

"""The words of each intent, in Chinese and English. `intents.py` says how they are used.

Texts are compared in NFKC, lower case and simplified characters. A phrase is plain text, so that a
scan is linear; the patterns below have bounded repeats only.
"""

import re

# Traditional characters that the phrases below are written with, as their simplified forms.
SIMPLIFIED = str.maketrans(
    "謝請誰麼們轉電話聯繫訴見嗎幫說與機專員經過無語臉騙氣對點問題現還這個別樣緊間",
    "谢请谁么们转电话联系诉见吗帮说与机专员经过无语脸骗气对点问题现还这个别样紧间",
)

THANKS = (
    *("非常感谢", "万分感谢", "感谢您", "感谢你", "感谢", "谢谢您", "谢谢你", "谢谢", "谢啦"),
    *("谢了", "多谢", "辛苦了", "辛苦", "麻烦你了", "麻烦您了", "thank you so much", "thank you"),
    *("thanks a lot", "many thanks", "thanks", "thank u", "thx", "cheers", "appreciate it"),
    *("much appreciated", "appreciated", "3q", "3x", "ty", "tysm", "tyvm", "帮大忙了", "帮了大忙"),
)
GREETING = (
    *("你们好", "你好", "您好", "大家好", "哈喽", "哈啰", "嗨", "早上好", "上午好", "中午好"),
    *("下午好", "晚上好", "早安", "晚安", "在吗", "在不在", "在么", "有人在吗", "hello", "hi"),
    *("hey", "good morning", "good afternoon", "good evening", "greetings", "hiya", "howdy"),
    *("how are you", "nice to meet you", "最近好吗", "anyone there", "are you there"),
)
GOODBYE = (
    *("再见", "拜拜", "拜", "回见", "回头见", "下次再聊", "先这样", "就这样", "没事了", "没有了"),
    *("没别的事了", "没其他事了", "没别的问题了", "没什么事了", "没什么问题了"),
    *("没问题了", "没别的了", "goodbye", "good bye", "bye bye", "bye", "see you later", "see you"),
    *("see ya", "take care", "have a nice day", "have a good day", "that's all", "that is all"),
    *("good night", "cya"),
)
WHO = (
    *("你是谁", "您是谁", "你是什么", "你是机器人", "你是真人", "你是人", "你是人工智能"),
    *("你是ai", "你叫什么名字", "你叫什么", "怎么称呼你", "怎么称呼", "你能做什么", "你会做什么"),
    *("你会什么", "你能干什么", "你能干嘛", "你会干嘛", "你能帮我做什么", "你可以做什么"),
    *("你可以帮我做什么", "你有什么功能", "介绍一下你自己", "介绍一下自己", "自我介绍", "你是哪位"),
    *("who are you", "who r u", "who am i talking to", "who am i speaking to", "what are you"),
    *("are you a bot", "are you a robot", "are you a human", "are you human", "are you real"),
    *(
        "are you a real person",
        "are you an ai",
        "are you ai",
        "what can you do",
        "what is your name",
    ),
    *("what's your name", "what do you do", "how can you help me", "how can you help"),
    *("introduce yourself", "tell me about yourself", "还是机器人", "还是人", "还是真人"),
    *("or a bot", "or a human", "or a robot"),
)
# What may stand around the phrases of small talk without making a question of it.
FILLERS = (
    *("好的", "好滴", "好吧", "好哒", "行吧", "行", "可以", "ok", "okay", "嗯嗯", "嗯", "哦", "噢"),
    *("知道了", "明白了", "明白", "了解了", "了解", "收到", "懂了", "清楚了", "解决了", "太好了"),
    *("太棒了", "客服", "请问", "小助手", "助手", "亲", "朋友", "您", "你", "们", "的", "了", "啊"),
    *("呀", "哈", "啦", "吧", "呢", "哟", "吗", "么", "那", "就", "先", "帮忙", "帮助", "回答"),
    *("解答", "耐心", "非常", "十分", "真是", "真的", "真", "太", "很", "大家", "各位", "又", "再"),
    *("there", "everyone", "all", "team", "very much", "so much", "a lot", "a bunch", "again"),
    *("for your help", "for the help", "for helping", "for your time", "for that", "for now"),
    *("great", "perfect", "got it", "understood", "alright", "all right", "that helps"),
    *("that helped", "awesome", "nice", "cool", "good", "really", "and", "well", "then", "i see"),
    *("you", "dear", "sir", "madam", "please", "to", "me", "everything", "works now", "very"),
)

ANGER = re.compile(
    r"垃圾(?![袋桶箱分短邮])|骗子(?!网站)|坑人|坑爹|黑心|什么破|破公司|破快递|破系统|破软件"
    r"|气死|气炸|火大|太差劲|差劲|烂透|太烂|真烂|混蛋|王八蛋|他妈|妈的|傻逼|傻叉|去死"
    r"|没人管|没人理|受够|忍无可忍|忍不了|恶心|离谱|太过分|过分了|欺人太甚|无耻|不要脸|敷衍"
    r"|我要投诉|投诉你|曝光你|太慢了|等了[^,。!?]{1,6}(?:天|周|个月|小时)还"
    r"|\b(?:ridiculous|unacceptable|outrageous|terrible|horrible|awful|pathetic|disgusting"
    r"|useless|furious|pissed|fed up|sick of|sick and tired|wtf|bullshit|rip-?off|scammers?"
    r"|liars?|crap|idiots?|worst|so angry|very angry|damn|fuck\w{0,6}|joke of a|garbage service"
    r"|waste of (?:time|money)|i am angry|i'm angry|how dare|(?:want|like|have) to complain"
    r"|want to make a complaint|(?:far|way|much) too slow|had enough|no ?(?:body|one) (?:cares"
    r"|helps|answers|responds))\b|!{3}"
)

# Words that only these languages have, of those that their sentences are full of.
FOREIGN_WORDS = frozenset(
    """
    el los las una unos está esta este qué cómo cuándo dónde por para mi pedido gracias hola puedo
    quiero tengo necesito usted pero muy del donde cuando como que
    le les une des du est où comment quand pourquoi bonjour merci je vous nous suis avec
    pour dans commande colis peux voudrais quelle quel
    der das und ist nicht ich sie wir wie wann wo warum mein meine bitte danke kann habe eine einen
    für auf mit bestellung paket guten
    não você onde quando obrigado meu minha posso tenho uma
    il gli che è dove quando perché grazie ciao mio mia posso ho sono della
    jak gdzie kiedy dlaczego proszę dziękuję moje jest nie się
    saya anda tidak bagaimana kapan dimana terima kasih pesanan apa bisa yang untuk
    tôi bạn không làm sao khi nào đâu cảm ơn của được và
    nasıl nerede neden ne zaman teşekkür siparişim benim için bir
    """.split()
)

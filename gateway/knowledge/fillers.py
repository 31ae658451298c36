"""Questions that ask for nothing that a clause could say: "What does this show?", 请看这张图."""

import re

from gateway.knowledge.terms import STOP_CHARACTERS, STOP_WORDS, normalise

PHRASES = re.compile(
    "这张图片|这张图|这幅图|这个图|图片|图里|图中|图上|截图|照片|屏幕|画面|附件"
    "|什么意思|写了什么|写的什么|显示|说明|表示|看到|问题|情况|错误|报错|意思|内容|回事"
    "|怎么办|咋办|咋|如何|解决|处理|为什么|为何|请看|看看|看一下|看下|看|帮我|帮忙|帮|告诉"
    "|问一下|请教|你好|您好|哈喽|在吗|在不在|谢谢|麻烦|一下|多久|下面|上面|上|写|张|图|答|回|解释|描述|识别|该|吗|好"
)
HAN = re.compile("[\u3400-\u9fff]")
LATIN = re.compile("[a-z0-9][a-z0-9_.-]*")
WORDS = STOP_WORDS | frozenset(
    """
    show shows shown picture image screenshot photo screen mean means meaning say says see look
    help problem wrong error issue happened happening happen fix solve hi hello hey thanks thank ok
    okay explain describe written read now need want know just also there thing attached below above
    """.split()
)


def is_filler(text: str) -> bool:
    """Whether nothing is left of a question without its filler words."""
    normal = normalise(text)
    rest = PHRASES.sub("", normal)
    if any(sign not in STOP_CHARACTERS for sign in HAN.findall(rest)):
        return False
    return all(word in WORDS or len(word) == 1 for word in LATIN.findall(normal))

"""Which language a question is in: Chinese or English. Codes and numbers are neither."""

import re
from collections.abc import Sequence
from typing import Literal

Language = Literal["zh", "en"]
MAX_TEXT = 2_000  # characters that are looked at
HAN = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff]")
# PAY-4031, ERR_TIMED_OUT, SF1402857369214: no word of a language.
CODE = re.compile(r"(?<![A-Za-z0-9_-])(?=[A-Za-z_-]{0,40}[\d_])[A-Za-z0-9_-]{2,60}")
WORD = re.compile(r"[A-Za-z']{2,40}")

# What a text quotes or names is no sign of its own language: "reissue it for 云杉设计有限公司".
QUOTED = re.compile(r"[“\"「『‘][^“”\"「」『』‘’\n]{1,100}[”\"」』’]")
HAN_RUN = re.compile(r"[\u3400-\u9fff·()（）]{1,60}")
NAME = re.compile(
    r"(?:公司|集团|工作室|事务所|厂|商行|中心|学校|大学|学院|医院|银行|研究院"
    r"|研究所|合作社|协会)[)）]?$"
    r"|[省市区县路街]|^[号楼栋室层弄]$"
)
OF_A_SENTENCE = re.compile(
    r"[是请我你您改把帮抬票吗呢了的要不寄送给到查退换写错叫这那]"
    r"|没有|应该|应为|什么|怎么|哪|订单|地址|快递|包裹|运单"
)


def language_of(questions: Sequence[str]) -> Language:
    """The language of the newest of the questions that has words; Chinese where none has.

    An English sentence may quote a Chinese word or two, and a Chinese one often names an app.
    """
    for question in reversed(questions):
        text = _around_names(CODE.sub(" ", question[:MAX_TEXT]))
        han, words = len(HAN.findall(text)), len(WORD.findall(text))
        if han or words:
            return "en" if words > 2 * han else "zh"
    return "zh"


def _around_names(text: str) -> str:
    """The text without quotes and without Chinese names of companies and places; the whole text
    where no word is left."""
    rest = HAN_RUN.sub(_without_name, QUOTED.sub(" ", text))
    return rest if HAN.search(rest) or WORD.search(rest) else text


def _without_name(run: "re.Match[str]") -> str:
    is_name = NAME.search(run[0]) and not OF_A_SENTENCE.search(run[0])
    return " " if is_name else run[0]

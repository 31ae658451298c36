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


def language_of(questions: Sequence[str]) -> Language:
    """The language of the newest of the questions that has words; Chinese where none has.

    An English sentence may quote a Chinese word or two, and a Chinese one often names an app.
    """
    for question in reversed(questions):
        text = CODE.sub(" ", question[:MAX_TEXT])
        han, words = len(HAN.findall(text)), len(WORD.findall(text))
        if han or words:
            return "en" if words > 2 * han else "zh"
    return "zh"

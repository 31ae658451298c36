"""Where a message that wishes two changes may be cut."""

import re
from itertools import pairwise

from inference.lite.answering.acting import unwished
from inference.lite.answering.acting.wishes import Aim, aim_of
from inference.lite.field_text import plain

MAX_CUTS = 3
# Between two wishes of one message.
BETWEEN = re.compile(
    r"[,，;；。!！\n]\s?(?:然后|另外|还有|同时|并且?|也|再)?|然后|另外|还有|同时|并且|再(?=把|帮|给|取消|修改|改)"
    r"|\.\s|,?\s(?:and|then|also)(?:\s(?:then|also))?\s",
    re.IGNORECASE,
)


def two_wishes(question: str) -> list[tuple[int, int]]:
    """Where a message may be cut into two wishes for a change: [(end of the first, start of the
    second)]."""
    pieces, start = [], 0
    for cut in [*BETWEEN.finditer(question), None]:
        end = cut.start() if cut else len(question)
        text = plain(question[start:end])
        if aim_of(unwished.unquoted(text))[0] is Aim.CHANGE:
            pieces.append((start, end))
        start = cut.end() if cut else end
    return [(one[1], two[0]) for one, two in pairwise(pieces)][:MAX_CUTS]

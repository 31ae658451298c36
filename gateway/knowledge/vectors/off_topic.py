"""Questions that no clause of a shop answers, by which answers are judged: of daily life
(off_topic.txt), and of other businesses (other_businesses.txt).
"""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gateway.knowledge.clauses import CJK
from gateway.knowledge.vectors.embedding_client import Floats

DAILY_FILE = Path(__file__).with_name("off_topic.txt")
BUSINESS_FILE = Path(__file__).with_name("other_businesses.txt")
# A question that a clause answers so much better than others are answered is this shop's topic.
OUTLIER = 3.0  # scaled median deviations above the median
# A business whose questions are answered so much better on average is this shop's.
OWN_BUSINESS = 2.0
MIN_DEVIATION = 0.02


@cache
def off_topic_questions() -> tuple[str, ...]:
    """Those of daily life, then those of other businesses."""
    lines = DAILY_FILE.read_text("utf-8").splitlines()
    daily = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return (*daily, *(question for block in _businesses() for question in block))


@cache
def is_daily() -> NDArray[np.bool_]:
    """Of each question."""
    count = sum(map(len, _businesses()))
    return np.arange(len(off_topic_questions())) < len(off_topic_questions()) - count


@cache
def is_chinese() -> NDArray[np.bool_]:
    return np.array([bool(CJK.search(question)) for question in off_topic_questions()])


def foreign(best: Floats) -> NDArray[np.bool_]:
    """Which of the questions are no topic of the shop. `best`: of each, how well the clause that is
    nearest fits it."""
    daily = best[is_daily()]
    middle = float(np.median(daily))
    deviation = max(1.48 * float(np.median(np.abs(daily - middle))), MIN_DEVIATION)
    kept = best < middle + OUTLIER * deviation
    at = len(daily)
    for block in _businesses():
        own = slice(at, at + len(block))
        if float(best[own].mean()) > middle + OWN_BUSINESS * deviation:
            kept[own] = False
        at = own.stop
    return kept


@cache
def _businesses() -> tuple[tuple[str, ...], ...]:
    """The questions of each business."""
    blocks = BUSINESS_FILE.read_text("utf-8").strip().split("\n\n")
    made = (
        tuple(line.strip() for line in block.splitlines() if not line.startswith("#"))
        for block in blocks
    )
    return tuple(block for block in made if block)

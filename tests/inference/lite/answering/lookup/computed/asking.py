"""Asks about a paper that is given as rows of text."""

from inference.lite.answering import answer
from inference.lite.answering.lookup.computed import told as computed
from inference.lite.budget import Budget
from inference.lite.conversation import Conversation, Turn
from inference.lite.desk import desk_of
from inference.lite.fields import read_fields
from inference.lite.reading import Line, Reading
from tests.inference.lite.papers.lines import paper

Paper = tuple[str, ...] | list[Line]


def reading(lines: Paper) -> Reading:
    lines = lines if isinstance(lines, list) else paper(*lines)
    kind, fields = read_fields(lines)
    return Reading("file-1", 1_200, 1_600, lines, fields, kind=kind)


def answered(question: str, lines: Paper) -> str:
    """The whole answer of the engine."""
    desk = desk_of({"locale": "zh-CN", "verdict": "none", "clauses": []})
    return answer(Conversation([Turn("user", question, [reading(lines)])], desk)).text


def worked_out(question: str, lines: Paper) -> str:
    """What is worked out alone; "" where nothing is."""
    chinese = not question.isascii()
    return computed.told(question, reading(lines), chinese, Budget(60))

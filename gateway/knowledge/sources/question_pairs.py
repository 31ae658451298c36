"""Questions with their answers in running text: Q: … A: … · 问：… 答：… · ## Q1：… under which the
answer follows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.knowledge.sources.document import Block, Heading, Line, Pair
from gateway.knowledge.sources.numbering import Rank, clause_start

MAX_MARK_CHARS = 40
# The answer begins within so many lines of the question.
MAX_QUESTION_LINES = 8
QUESTION = re.compile(
    r"^\s{0,8}(?:[-*+>] )?\s?(?:\*\*|__)?[【\[]?(?:Q|Question|问题|问) ?[0-9]{0,4}[】\]]?(?:\*\*|__)?"
    r" ?(?:[:：]|(?<=[0-9])[.．、])(?:\*\*|__)?[ \u3000]{0,4}",
    re.IGNORECASE,
)
ANSWER = re.compile(
    r"^\s{0,8}(?:[-*+>] )?\s?(?:\*\*|__)?[【\[]?(?:A|Answer|答案|回答|答) ?[0-9]{0,4}[】\]]?(?:\*\*|__)?"
    r" ?(?:[:：]|(?<=[0-9])[.．、])(?:\*\*|__)?[ \u3000]{0,4}",
    re.IGNORECASE,
)
# An answer in the line of its question.
INNER_ANSWER = re.compile(r"[ \u3000?？。](?:答案|答|A)[:：][ \u3000]{0,4}")
MAX_INNER_CHARS = 2000


@dataclass(slots=True)
class _Asked:
    """A question whose answer is looked for from block `next_block` on."""

    question: str
    answer: str
    next_block: int
    level: int  # of a heading, else 7


def with_pairs(blocks: Sequence[Block]) -> list[Block]:
    """The blocks, with each question and its answer as one Pair. What has no answer stays."""
    made: list[Block] = []
    at = 0
    while at < len(blocks):
        asked = _asked(blocks, at)
        if asked is None:
            made.append(blocks[at])
            at += 1
            continue
        end, more = _answer(blocks, asked)
        answer = "\n".join([asked.answer, *more]).strip()
        made.append(Pair(asked.question, answer, blocks[at].place))
        at = end
    return made


def _asked(blocks: Sequence[Block], at: int) -> _Asked | None:
    """The question that begins at the block, where an answer follows it."""
    block = blocks[at]
    if isinstance(block, Pair) or (isinstance(block, Line) and block.is_literal) or not block.text:
        return None
    question = _without(QUESTION, block.text)
    if question is None:
        return None
    if isinstance(block, Line):
        inner = INNER_ANSWER.search(question[:MAX_INNER_CHARS])
        if inner:
            asked = question[: inner.start() + 1]
            return _Asked(_plain(asked), question[inner.end() :], at + 1, 7)
    lines = [question]
    for number in range(at + 1, min(len(blocks), at + 1 + MAX_QUESTION_LINES)):
        below = blocks[number]
        if not isinstance(below, Line) or below.is_literal:
            return None
        if (answer := _without(ANSWER, below.text)) is not None:
            level = block.level if isinstance(block, Heading) else 7
            return _Asked(_plain("\n".join(lines)), answer, number + 1, level)
        if _without(QUESTION, below.text) is not None:
            return None
        lines.append(below.text)
    return None


def _answer(blocks: Sequence[Block], asked: _Asked) -> tuple[int, list[str]]:
    """(the block behind the answer, its further lines)."""
    lines: list[str] = []
    at = asked.next_block
    while at < len(blocks):
        block = blocks[at]
        if not isinstance(block, Line):
            break
        if not block.is_literal:
            if _without(QUESTION, block.text) is not None:
                break
            start = clause_start(block.text)
            if start is not None and start.rank in (Rank.CHAPTER, Rank.CLAUSE):
                break
        lines.append(block.text)
        at += 1
    return at, lines


def begins_pair(line: str) -> bool:
    """Whether a line begins a question or an answer."""
    return _without(QUESTION, line) is not None or _without(ANSWER, line) is not None


def without_mark(heading: str) -> str:
    """A heading's text without `Q1：`."""
    found = _without(QUESTION, heading)
    return found or heading


def _without(mark: "re.Pattern[str]", text: str) -> str | None:
    """The text behind the mark; None where it does not begin with it."""
    found = mark.match(text[:MAX_MARK_CHARS])
    return text[found.end() :] if found else None


def _plain(question: str) -> str:
    return question.strip().removesuffix("**").removesuffix("__").strip()

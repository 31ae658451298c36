"""The first of the ways to work something out that fits a question."""

from inference.lite.answering.lookup.computed import deadlines, grid, lasting, reductions, remainder
from inference.lite.budget import Budget
from inference.lite.reading import Reading


def told(question: str, reading: Reading, chinese: bool, budget: Budget) -> str:
    """A sentence without its mark, "" where nothing is to be worked out, or not for certain."""
    return (
        deadlines.told(question, reading, chinese, budget)
        or lasting.told(question, reading, chinese)
        or reductions.told(question, reading, chinese, budget)
        or remainder.told(question, reading, chinese, budget)
        or grid.told(question, reading, chinese, budget)
    )

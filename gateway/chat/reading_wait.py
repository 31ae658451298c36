"""How a question waits for the readings of its pictures, and gives them up."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.chat.question import Question
from gateway.desk import Desk
from gateway.media.reading_wait import ReadingWait
from gateway.throttling.fair_queue import OnPosition


def patience_of(
    desk: Desk, question: Question, before_lite: bool, moved: OnPosition
) -> ReadingWait:
    """READER_TIMEOUT. Before `lite`, which has only the reading to go by, a picture of which nothing is read yet is
    waited for here: inside the engine it would hold a place that others need."""
    seconds = desk.settings.reader_timeout
    more = desk.settings.first_token_timeout if before_lite else 0.0
    if before_lite and not question.assistant:  # a raw answer cannot say that it rests on a part
        seconds += more
    return ReadingWait(desk.turn_of(question.context), seconds, more, moved)


@contextmanager
def reading_while_asked(question: Question) -> Iterator[None]:
    """A question that is given up inside the block gives up the readings that it began."""
    try:
        yield
    except asyncio.CancelledError:
        question.attachments.abandon_scans()
        raise

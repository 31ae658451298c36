"""The stage that makes a question's pictures ready, and waits for their readings."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from gateway.assistant.field_corrections import apply_corrections
from gateway.chat.events import Push, QueuePosition, Readings, tell
from gateway.chat.question import Question
from gateway.media.attachment_loader import AttachmentLoader
from gateway.media.attachments import Attachments
from gateway.media.reading_wait import ReadingWait
from gateway.upstream.upstream import Upstream


class AttachmentStage:
    """`reader_timeout` and `first_token_timeout` are seconds. `pseudonym` names the owner of a turn
    in the reader's queue."""

    def __init__(
        self,
        loader: AttachmentLoader,
        upstreams: list[Upstream],
        pseudonym: Callable[[str], str],
        *,
        reader_timeout: float,
        first_token_timeout: float,
    ) -> None:
        self._loader = loader
        self._upstreams = upstreams
        self._pseudonym = pseudonym
        self._reader_timeout = reader_timeout
        self._first_token_timeout = first_token_timeout

    async def load(self, question: Question, push: Push) -> Attachments:
        """Raises the contract's media errors."""

        async def moved(position: int) -> None:
            await tell(push, QueuePosition(position))

        async def read_in_part(readings: list[dict[str, Any]]) -> None:
            if question.assistant:
                apply_corrections(readings, question.corrections)
                await tell(push, Readings(readings))

        before_lite = all(upstream.is_lite for upstream in self._upstreams)
        seconds = self._reader_timeout
        # `lite` has only the reading to go by, so the question's own pictures are waited for until
        # they are read as a whole: inside the engine they would hold a place that others need.
        more = self._first_token_timeout if before_lite else 0.0
        if before_lite and not question.assistant:
            seconds += more  # a raw answer cannot say that it rests on a part
        wait = ReadingWait(self._pseudonym(question.charged_to), seconds, more, moved)
        # vLLM as the raw engine sees for itself what it gets, unless it takes text only.
        sees = all(upstream.sees is not False for upstream in self._upstreams)
        reads_all = question.assistant or before_lite or not sees
        attachments = await self._loader.load(
            question.request, question.caller.owner, wait, reads_all, read_in_part
        )
        question.release_body()
        self._correct(attachments, question)
        if attachments.readings and question.assistant:
            await tell(push, Readings(attachments.readings))
        return attachments

    def _correct(self, attachments: Attachments, question: Question) -> None:
        replaced = apply_corrections(attachments.readings, question.corrections)
        for position, note in attachments.notes.items():
            for old, new in replaced.items():
                note = note.replace(old, new)
            attachments.notes[position] = note


@contextmanager
def given_up_with(attachments: Attachments) -> Iterator[None]:
    """A question that is given up inside the block gives up the readings that it began."""
    try:
        yield
    except asyncio.CancelledError:
        attachments.abandon_scans()
        raise

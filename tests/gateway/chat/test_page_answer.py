"""The page's answers in memory: bounded for each caller, and small for slow readers."""

import asyncio

import pytest

from gateway.chat import page_answer as module
from gateway.chat.events import Finished, TextDelta
from gateway.chat.openai_stream import StreamWriter
from gateway.chat.page_answer import MemoryBound, PageAnswer
from gateway.chat.resumable_answers import ResumableAnswers
from gateway.errors import QueueFull, UpstreamError

pytestmark = pytest.mark.both_paths

EVENT = b"data: " + b"x" * 992 + b"\n\n"


async def kept(_: PageAnswer) -> None:
    pass


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ANSWER_BYTES", 10_000)
    monkeypatch.setattr(module, "MAX_CALLER_BYTES", 20_000)
    monkeypatch.setattr(module, "MAX_BYTES", 50_000)
    monkeypatch.setattr(module, "READ_BYTES", 3_000)


async def written(answers: ResumableAnswers, answer: PageAnswer, events: int) -> None:
    async def work() -> None:
        for _ in range(events):
            answer.push((TextDelta("x", (EVENT,)),))
        answer.push((Finished(),))

    answers.start(answer, work())
    while not answer.finished:
        await asyncio.sleep(0.001)


def answer(number: int, caller: str = "a") -> PageAnswer:
    writer = StreamWriter("a", "sightdesk", wants_extras=True, wants_usage=False)
    return PageAnswer(f"answer-{number}", "owner", writer, caller=caller, is_stored=False)


async def test_an_answer_and_all_answers_of_a_caller_are_bounded_and_given_back() -> None:
    answers = ResumableAnswers(0.05, kept)
    long = answer(0)
    await written(answers, long, 11)
    assert isinstance(long.error, UpstreamError)
    assert long.error.details == {"limit": 10_000, "size": 11_000}
    second, third, other = answer(1), answer(2), answer(3, "b")
    await written(answers, second, 10)
    await written(answers, third, 1)
    assert isinstance(third.error, QueueFull)
    assert third.error.details == {"limit": 20_000, "size": 21_000, "retry_after": 5}
    await written(answers, other, 10)
    assert other.error is None, "another caller has room of its own"
    await asyncio.sleep(0.1)
    again = answer(4)
    await written(answers, again, 10)
    assert again.error is None, "what is over is given back"


def test_all_callers_together_are_bounded() -> None:
    room = MemoryBound()
    for caller in "abcde":
        room.take(caller, 10_000)
    with pytest.raises(QueueFull) as full:
        room.take("f", 1)
    assert full.value.details["limit"] == 50_000
    room.give_back("a", 10_000)
    room.take("f", 10_000)


async def test_a_slow_reader_is_handed_little_at_once_and_gets_everything() -> None:
    answers, one = ResumableAnswers(0.01, kept), answer(0)
    await written(answers, one, 10)
    batches = [batch async for batch in one.read(2)]
    assert [len(batch) for batch in batches] == [3000, 3000, 2000 + len(b"data: [DONE]\n\n")]
    assert b"".join(batches) == EVENT * 8 + b"data: [DONE]\n\n"


async def test_what_somebody_still_reads_is_counted_until_he_leaves() -> None:
    answers, one = ResumableAnswers(1.0, kept), answer(0)
    await written(answers, one, 10)
    reader = one.read(0)
    await anext(reader)
    await asyncio.sleep(1.1)  # nobody can find it any more
    fits, full = answer(1), answer(2)
    await written(answers, fits, 10)
    await written(answers, full, 1)
    assert (fits.error, type(full.error)) == (None, QueueFull)
    await reader.aclose()
    answers.reader_left(one)
    fits_now = answer(3)
    await written(answers, fits_now, 10)
    assert fits_now.error is None

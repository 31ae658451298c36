"""Embedding requests: owners in turn, long texts in slices of their own, bounded text."""

import asyncio

from inference.lite.embedding.models import MAX_CHARS, prepared_text
from inference.lite.embedding.service import SLICE, slices
from inference.lite.embedding.turns import Turns


def test_one_question_of_another_owner_passes_the_many_of_one() -> None:
    served: list[str] = []

    async def ask(turns: Turns, owner: str) -> None:
        async with turns.turn(owner):
            served.append(owner)
            await asyncio.sleep(0)

    async def all_ask() -> None:
        turns = Turns()
        await asyncio.gather(*(ask(turns, owner) for owner in ("busy",) * 5 + ("other",)))

    asyncio.run(all_ask())
    assert served == ["busy", "busy", "other", "busy", "busy", "busy"]


def test_a_caller_that_leaves_gives_its_turn_to_the_next() -> None:
    async def some_leave() -> bool:
        turns = Turns()
        async with turns.turn("a"):
            waits = asyncio.create_task(turns._take("b"))
            gets_it_late = asyncio.create_task(turns._take("c"))
            stays = asyncio.create_task(turns._take("d"))
            await asyncio.sleep(0)
            waits.cancel()
            await asyncio.sleep(0)
        gets_it_late.cancel()  # its turn has come, but it has not run since
        async with asyncio.timeout(1):
            await stays
        return True

    assert asyncio.run(some_leave())


def test_a_character_that_stands_for_eighteen_makes_no_longer_text() -> None:
    assert len(prepared_text("\ufdfa" * MAX_CHARS)) <= MAX_CHARS


def test_a_long_text_is_a_slice_of_its_own() -> None:
    long = "a" * MAX_CHARS
    assert list(slices([long, "b", long * 9, "c", "d"])) == [[long], ["b"], [long * 9], ["c", "d"]]
    assert [len(part) for part in slices(["a"] * (SLICE + 1))] == [SLICE, 1]

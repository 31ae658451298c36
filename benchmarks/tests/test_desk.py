"""`make bench-desk`, short: measures every way on a real gateway and notices a wrong answer."""

import os

import pytest

from benchmarks.desk import WAYS, Sizes, Way, WrongAnswer, check, measured
from benchmarks.desk_table import table
from benchmarks.relay import script
from benchmarks.relay.load import Answer

PAGE, RAW = WAYS[2], WAYS[0]
STORED = b'data: {"choices":[],"sightdesk":{"conversation":{"id":"c","turn":"turn-1"}}}\n\n'


def test_every_way_to_ask_has_its_figures() -> None:
    cores = sorted(os.sched_getaffinity(0))
    sizes = Sizes(clients=(2,), rounds=1, seconds=0.2, warming=1)
    found = measured(WAYS, sizes, cores[0], cores[-1], lambda _: None)
    assert {name for name, _ in found} == {way.name for way in WAYS}
    assert all(one.answers_second > 0 and one.first_p50 > 0 for one in found.values())
    assert len(table(found).splitlines()) == 2 + len(WAYS)


@pytest.mark.parametrize(
    ("way", "status", "body"),
    [
        (RAW, 500, b"{}"),
        (RAW, 200, script.stream(script.TOKENS - 1)),
        (RAW, 200, script.stream(script.TOKENS).replace(b"data: [DONE]\n\n", b"")),
        (PAGE, 200, STORED.replace(b'"turn-1"', b"null") + script.stream(script.TOKENS)),
    ],
    ids=["refused", "a token less", "no end", "not stored"],
)
def test_a_wrong_answer_ends_the_bench(way: Way, status: int, body: bytes) -> None:
    check(PAGE, Answer(script.TOKENS, status=200, body=STORED + script.stream(script.TOKENS)))
    with pytest.raises(WrongAnswer):
        check(way, Answer(script.TOKENS, status=status, body=body))

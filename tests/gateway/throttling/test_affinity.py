"""Affinity and fairness with very many engines: the real admission, with simulated time."""

import asyncio
import random
import tracemalloc
from collections import Counter

from gateway.observability.metrics import Metrics
from gateway.throttling.admission import Admission, Permit
from gateway.throttling.affinity import Favourites, favourite_of, preferred
from gateway.upstream.breaker import Breaker
from gateway.upstream.upstream import Upstream

ENGINES = 1000
SEED = 20_261_130


def engines(count: int, places: int = 4) -> list[Upstream]:
    return [
        Upstream(f"engine-1.{n}", f"http://10.0.{n // 250}.{n % 250}:3001", "m", 8192,
                 Breaker(2, 60), places)
        for n in range(1, count + 1)
    ]  # fmt: skip


def test_one_engine_more_moves_only_its_own_share_of_the_conversations() -> None:
    fleet = engines(ENGINES + 1)
    conversations = [f"conv_{number}" for number in range(4000)]
    before = [favourite_of(fleet[:-1], one) for one in conversations]

    after = [favourite_of(fleet, one) for one in conversations]

    moved = [new for old, new in zip(before, after, strict=True) if old is not new]
    assert all(engine is fleet[-1] for engine in moved), "nobody moves between the others"
    assert len(moved) <= 20, "4 are expected: a share of 1/1001"
    # Spread as chance spreads them: four each, and no engine has five times that.
    assert max(Counter(id(one) for one in before).values()) < 20


def test_a_favourite_is_found_again_until_its_engine_leaves_or_another_comes() -> None:
    fleet, known = engines(50), Favourites()
    before = {one: known.of(one, fleet) for one in map(str, range(100))}
    gone = before["0"]
    gone.left = True
    left = [engine for engine in fleet if engine is not gone]
    for one, engine in before.items():
        found = known.of(one, left)
        assert found is (favourite_of(left, one) if engine is gone else engine)
    known.forget()
    more = [*left, *engines(60)[50:]]
    assert all(known.of(one, more) is favourite_of(more, one) for one in before)


def test_few_engines_are_compared_each_time_and_nothing_is_kept() -> None:
    """100 bytes a conversation, kept for nothing, looked like a leak for the first 20,000."""
    fleet, known = engines(8), Favourites()
    first = known.of("conv_1", fleet)
    tracemalloc.start()
    try:
        assert all(known.of(f"conv_{number}", fleet) for number in range(2_000))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 20_000
    assert known.of("conv_1", fleet[::-1]) is first is favourite_of(fleet, "conv_1")


def test_a_conversation_whose_engine_is_busy_has_one_second_choice() -> None:
    fleet = engines(100, places=16)
    for engine in fleet:
        engine.inflight = 6
    favourite = favourite_of(fleet, "conv_1")
    favourite.inflight = 11  # the average and four: a quarter of the places
    second = preferred(fleet, "conv_1", favourite)
    assert second is not favourite
    for engine in random.Random(SEED).sample(fleet, 50):
        if engine not in (favourite, second):
            engine.inflight = 3
    assert preferred(fleet, "conv_1", favourite) is second, "an idler engine changes nothing"


def test_the_choice_is_the_same_on_every_gateway() -> None:
    """The order of the addresses, and the engines' names, may differ there."""
    fleet, other = engines(50), engines(50)
    random.Random(SEED).shuffle(other)
    for number, engine in enumerate(other, start=1):
        engine.name = f"engine-1.{number}"

    for number in range(200):
        conversation = f"conv_{number}"
        assert favourite_of(fleet, conversation).url == favourite_of(other, conversation).url


async def test_owners_take_turns_over_all_engines() -> None:
    """Twenty engines of two places, and 20 owners who all ask at once, one of them for half of
    everything. Each question takes one tick of simulated time."""
    rng = random.Random(SEED)
    fleet = engines(20, places=2)
    admission = Admission(fleet, 100, 600, Metrics("0", "gpu"))
    served: list[str] = []  # owners

    async def ask(owner: str, conversation: str) -> None:
        permit = await admission.admit(owner, conversation)
        running.append((permit, owner))
        served.append(owner)

    running: list[tuple[Permit, str]] = []
    questions = [("greedy", f"greedy_{number % 40}") for number in range(200)]
    questions += [(f"owner_{n % 19}", f"conv_{n % 57}") for n in range(190)]
    rng.shuffle(questions)
    tasks = [asyncio.create_task(ask(*question)) for question in questions]
    ticks: list[Counter[str]] = []
    while len(served) < len(questions):
        for _ in range(5):
            await asyncio.sleep(0)
        assert all(engine.inflight <= engine.max_concurrent for engine in fleet)
        ended, running = running, []
        ticks.append(Counter(owner for _, owner in ended))
        for permit, _ in ended:
            permit.release()
    await asyncio.gather(*tasks)

    # While the others still wait, the greedy one gets about one turn in twenty, not half.
    contested = [tick for tick in ticks[1:] if len(tick) > 15]
    share = sum(tick["greedy"] for tick in contested) / sum(map(Counter.total, contested))
    assert contested
    assert share < 0.15

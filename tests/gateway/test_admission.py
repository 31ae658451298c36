"""The queue before the engines."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.chat.pipeline import Pipeline
from gateway.chat.question import Question, affinity_of
from gateway.chat.request import ChatRequest
from gateway.context import Caller, RequestContext
from gateway.engines.breaker import Breaker, State
from gateway.engines.client import EngineClient, HealthMonitor
from gateway.engines.startup import StartupFile
from gateway.engines.upstream import LITE_MODEL, Upstream
from gateway.errors import ContextLengthExceeded, QueueFull, UpstreamUnavailable
from gateway.limits.admission import Admission
from gateway.metrics import Metrics


def engine(name: str = "engine-1", places: int = 1) -> Upstream:
    return Upstream(name, "http://nowhere", "m", 8192, Breaker(2, 60), places)


def admission(*engines: Upstream, queued: int = 4, timeout: float = 5) -> Admission:
    return Admission(list(engines), queued, timeout, Metrics("0", "lite"))


async def test_a_full_engine_makes_the_next_wait_until_a_place_is_free() -> None:
    queue = admission(engine())
    first = await queue.admit("a", "x")
    waiting = asyncio.create_task(queue.admit("b", "x"))
    await asyncio.sleep(0)
    assert not waiting.done()
    first.release()
    (await waiting).release()
    assert queue.upstreams[0].inflight == 0


async def test_one_owner_with_many_requests_does_not_shut_out_another() -> None:
    queue = admission(engine(), queued=10)
    served: list[str] = []

    async def ask(owner: str) -> None:
        permit = await queue.admit(owner, "x")
        served.append(owner)
        await asyncio.sleep(0)
        permit.release()

    first = await queue.admit("z", "x")
    tasks = [asyncio.create_task(ask(owner)) for owner in ("a", "a", "a", "b")]
    await asyncio.sleep(0)
    first.release()
    await asyncio.gather(*tasks)
    assert served.index("b") == 1


async def test_a_full_queue_refuses_at_once_and_a_long_wait_ends() -> None:
    queue = admission(engine(), queued=1, timeout=0.05)
    await queue.admit("a", "x")
    waiting = asyncio.create_task(queue.admit("b", "x"))
    await asyncio.sleep(0)
    with pytest.raises(QueueFull):
        await queue.admit("c", "x")
    with pytest.raises(QueueFull):
        await waiting
    assert queue.depth == 0


async def test_whoever_waits_hears_his_position() -> None:
    queue = admission(engine())
    heard: list[int] = []

    async def moved(position: int) -> None:
        heard.append(position)

    first = await queue.admit("a", "x")
    second = asyncio.create_task(queue.admit("b", "x", moved=moved))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    first.release()
    (await second).release()
    assert heard == [1]


async def test_a_waiter_that_is_cancelled_leaves_nothing_behind() -> None:
    queue = admission(engine())
    first = await queue.admit("a", "x")
    waiting = asyncio.create_task(queue.admit("b", "x"))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    first.release()
    assert (queue.depth, queue.upstreams[0].inflight) == (0, 0)


async def test_one_conversation_stays_with_one_engine_and_a_dead_one_is_left_out() -> None:
    one, two = engine("engine-1", 9), engine("engine-2", 9)
    queue = admission(one, two)
    chosen = {(await queue.admit("a", "conversation")).upstream.name for _ in range(3)}
    assert len(chosen) == 1
    (one if chosen == {"engine-1"} else two).up = False
    assert (await queue.admit("a", "conversation")).upstream.name not in chosen
    one.up = two.up = False
    with pytest.raises(UpstreamUnavailable):
        await queue.admit("a", "conversation")


def test_a_circuit_opens_after_failures_and_lets_one_probe_through() -> None:
    breaker = Breaker(2, 0.0)
    breaker.failed(breaker.started())
    assert breaker.state is State.CLOSED
    breaker.failed(breaker.started())
    assert breaker.state is State.HALF_OPEN
    assert breaker.allows()
    probe = breaker.started()
    assert probe
    assert not breaker.allows()
    breaker.succeeded(probe)
    assert breaker.state is State.CLOSED


def test_calls_from_before_the_circuit_opened_neither_close_it_nor_free_the_probe() -> None:
    breaker = Breaker(1, 0.0)
    old = [breaker.started() for _ in range(3)]
    breaker.failed(breaker.started())
    probe = breaker.started()
    breaker.succeeded(old[0])
    breaker.abandoned(old[1])
    breaker.failed(old[2])
    assert breaker.state is State.HALF_OPEN
    assert not breaker.allows(), "the probe is still out"
    breaker.abandoned(probe)
    assert breaker.allows()


async def test_whoever_waits_for_an_engine_that_goes_down_is_told_at_once() -> None:
    queue = admission(engine(), timeout=60)
    await queue.admit("a", "x")
    waiting = asyncio.create_task(queue.admit("b", "x"))
    await asyncio.sleep(0)
    queue.upstreams[0].up = False
    queue.dispatch()
    with pytest.raises(UpstreamUnavailable):
        await asyncio.wait_for(waiting, 1)
    assert queue.depth == 0


async def test_positions_are_told_in_order_and_only_when_they_change() -> None:
    queue = admission(engine(), queued=10)
    heard: dict[str, list[int]] = {name: [] for name in "abcd"}

    async def ask(name: str) -> None:
        async def moved(position: int) -> None:
            heard[name].append(position)

        permit = await queue.admit(name, "x", moved=moved)
        await asyncio.sleep(0.01)
        permit.release()

    first = await queue.admit("z", "x")
    tasks = [asyncio.create_task(ask(name)) for name in "abcd"]
    await asyncio.sleep(0.01)
    first.release()
    await asyncio.gather(*tasks)
    assert heard == {"a": [1], "b": [2, 1], "c": [3, 2, 1], "d": [4, 3, 2, 1]}


async def test_a_waiter_whose_engine_is_full_does_not_hold_up_the_same_owners_next() -> None:
    one, two = engine("engine-1"), engine("engine-2")
    queue = admission(one, two)
    held = {permit.upstream.name: permit for permit in [await queue.admit("a", "x"), await queue.admit("a", "x")]}
    stuck = asyncio.create_task(queue.admit("a", "x", frozenset({"engine-1"})))
    await asyncio.sleep(0)
    next_one = asyncio.create_task(queue.admit("a", "x"))
    await asyncio.sleep(0)
    held["engine-1"].release()
    assert (await asyncio.wait_for(next_one, 1)).upstream is one
    assert not stuck.done()
    stuck.cancel()


async def test_an_engine_is_not_asked_more_while_it_has_not_let_go_of_whom_it_was_hung_up_on() -> None:
    queue = admission(engine())
    permit = await queue.admit("a", "x")
    permit.upstream.take()  # as the wire does
    permit.release()
    waiting = asyncio.create_task(queue.admit("b", "x"))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    permit.upstream.give_back()
    (await asyncio.wait_for(waiting, 1)).release()
    assert queue.upstreams[0].inflight == 0


async def test_load_spreads_and_no_engine_is_much_busier_than_another() -> None:
    engines = [engine(f"engine-{number}", 16) for number in range(4)]
    queue = admission(*engines)
    for number in range(40):
        await queue.admit("a", f"conversation {number}")
    assert min(one.inflight for one in engines) > 0
    for _ in range(20):
        await queue.admit("a", "the same conversation")
    busy = [one.inflight for one in engines]
    assert max(busy) - min(busy) <= 16 // 4 + 1


def test_every_turn_of_a_conversation_has_the_same_affinity() -> None:
    first = {"role": "user", "content": "Where is my parcel?"}
    turns = [
        [first],
        [first, {"role": "assistant", "content": "On its way."}, {"role": "user", "content": "When?"}],
    ]
    for system in ([], [{"role": "system", "content": "Be brief."}]):
        asked = [ChatRequest(model="m", messages=[*system, *turn]) for turn in turns]
        assert len({affinity_of(request, "") for request in asked}) == 1
    other = ChatRequest(model="m", messages=[{"role": "user", "content": "Hello"}])
    assert affinity_of(other, "") != affinity_of(ChatRequest(model="m", messages=turns[0]), "")


async def test_a_question_that_was_never_sent_says_nothing_about_the_engine() -> None:
    lite = Upstream("engine-1", "http://nowhere", LITE_MODEL, 100, Breaker(1, 0), 1)
    lite.breaker.failed(lite.breaker.started())
    assert lite.breaker.state is State.HALF_OPEN
    queue = admission(lite)
    desk: Any = SimpleNamespace(signer=SimpleNamespace(cache_salt=str), client=None)
    long = ChatRequest.model_validate({"model": "sightdesk", "messages": [{"role": "user", "content": "长" * 1000}]})
    caller = Caller("key", "shop", "key:shop")
    context = RequestContext("r", "127.0.0.1", False, "http", send=None, caller=caller)  # type: ignore[arg-type]  # nothing is sent
    question = Question(long, caller, context, assistant=True, wants_extras=False, affinity="")
    with pytest.raises(ContextLengthExceeded):
        await Pipeline(desk)._admitted(queue, question, None)
    assert lite.breaker.state is State.HALF_OPEN
    assert lite.breaker.allows(), "the probe is still to be made"
    assert lite.inflight == 0


async def test_whoever_waits_gets_the_engine_whose_circuit_may_be_tried_again() -> None:
    full, broken = engine("engine-1"), Upstream("engine-2", "http://nowhere", "m", 8192, Breaker(1, 0.2), 1)
    queue = admission(full, broken)
    broken.breaker.failed(broken.breaker.started())
    await queue.admit("a", "x")
    waiting = asyncio.create_task(queue.admit("b", "x"))
    metrics = Metrics("0", "lite")
    client = EngineClient(1, 1, 1)
    monitor = HealthMonitor(client, [], StartupFile(None), metrics, changed=queue.dispatch)
    watching = asyncio.create_task(monitor.run())
    permit = await asyncio.wait_for(waiting, 3)
    assert permit.upstream is broken
    watching.cancel()


async def test_a_probes_second_answer_is_a_call_like_any_other() -> None:
    one = Upstream("engine-1", "http://nowhere", "m", 8192, Breaker(1, 0.05), 2)
    queue = admission(one)
    one.breaker.failed(one.breaker.started())
    await asyncio.sleep(0.06)
    permit = await queue.admit("a", "x")
    assert permit.probe
    permit.succeeded()
    one.breaker.failed(probe=False)
    permit.succeeded()
    assert one.breaker.state is State.OPEN
    permit.release()

"""The admission queue: which requests wait, and which engine takes them."""

import asyncio
import time
from collections.abc import Callable

import pytest

from gateway.chat.engine_calls import Call, EngineCalls
from gateway.chat.engine_request import EngineInput
from gateway.chat.failover import Failover
from gateway.chat.question import Question, TurnReport, affinity_of
from gateway.chat.turn import ignore
from gateway.errors import ContextLengthExceeded, QueueFull, UpstreamUnavailable
from gateway.media.attachments import Attachments
from gateway.observability.metrics import Metrics
from gateway.openai.chat_request import ChatRequest
from gateway.server.request_context import Caller
from gateway.throttling.admission import Admission, Permit
from gateway.upstream.breaker import Breaker, State
from gateway.upstream.client import EngineClient
from gateway.upstream.health import HealthMonitor
from gateway.upstream.launch_status import LaunchStatusFile
from gateway.upstream.upstream import LITE_MODEL, Upstream
from tests.support.servers import running


def engine(name: str = "engine-1", places: int = 1) -> Upstream:
    return Upstream(name, f"http://{name}.nowhere", "m", 8192, Breaker(2, 60), places)


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
    with pytest.raises(QueueFull) as full:
        await queue.admit("c", "x")
    assert full.value.details == {"limit": 1, "size": 1, "retry_after": 5}
    with pytest.raises(QueueFull) as late:
        await waiting
    assert late.value.details["limit"] == 1
    assert queue.depth == 0


async def test_whoever_waits_hears_his_position() -> None:
    queue = admission(engine())
    heard: list[int] = []

    async def moved(position: int) -> None:
        heard.append(position)

    first = await queue.admit("a", "x")
    second = asyncio.create_task(queue.admit("b", "x", on_position=moved))
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


def state_of(breaker: Breaker) -> State:
    """Its state now: it changes with calls that a type checker does not look into."""
    return breaker.state


def test_a_circuit_opens_after_failures_in_a_row() -> None:
    breaker = Breaker(2, 60)
    breaker.failed()
    breaker.succeeded()
    breaker.failed()
    assert state_of(breaker) is State.CLOSED
    breaker.failed()
    assert state_of(breaker) is State.OPEN
    assert 59 < breaker.retry_after() <= 60


def test_doubts_alone_never_open_a_circuit_and_a_success_ends_them() -> None:
    breaker = Breaker(2, 60)
    for _ in range(10):
        breaker.doubted()
    assert state_of(breaker) is State.CLOSED
    assert breaker.doubtful
    breaker.succeeded()
    assert not breaker.doubtful


def test_calls_from_before_the_circuit_opened_neither_close_it_nor_prolong_it() -> None:
    breaker = Breaker(1, 0.05)
    breaker.failed()
    breaker.succeeded()
    assert state_of(breaker) is State.OPEN
    time.sleep(0.06)
    breaker.failed()
    breaker.doubted()
    assert state_of(breaker) is State.HALF_OPEN
    assert not breaker.doubtful


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

        permit = await queue.admit(name, "x", on_position=moved)
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
    held = {
        permit.upstream.name: permit
        for permit in [await queue.admit("a", "x"), await queue.admit("a", "x")]
    }
    stuck = asyncio.create_task(queue.admit("a", "x", frozenset({"engine-1"})))
    await asyncio.sleep(0)
    next_one = asyncio.create_task(queue.admit("a", "x"))
    await asyncio.sleep(0)
    held["engine-1"].release()
    assert (await asyncio.wait_for(next_one, 1)).upstream is one
    assert not stuck.done()
    stuck.cancel()


async def test_an_engine_is_not_asked_more_while_it_has_not_let_go_of_whom_it_was_hung_up_on() -> (
    None
):
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
    turns: list[list[dict[str, str]]] = [
        [first],
        [
            first,
            {"role": "assistant", "content": "On its way."},
            {"role": "user", "content": "When?"},
        ],
    ]

    def asking(messages: list[dict[str, str]]) -> ChatRequest:
        return ChatRequest.model_validate({"model": "m", "messages": messages})

    beginnings: list[list[dict[str, str]]] = [[], [{"role": "system", "content": "Be brief."}]]
    for system in beginnings:
        asked = [asking([*system, *turn]) for turn in turns]
        assert len({affinity_of(request, "") for request in asked}) == 1
    other = asking([{"role": "user", "content": "Hello"}])
    assert affinity_of(other, "") != affinity_of(asking(turns[0]), "")


async def test_a_question_that_was_never_sent_says_nothing_about_the_engine() -> None:
    lite = Upstream("engine-1", "http://nowhere", LITE_MODEL, 100, Breaker(2, 0), 1)
    lite.breaker.failed()
    queue = admission(lite)
    long = ChatRequest.model_validate(
        {"model": "sightdesk", "messages": [{"role": "user", "content": "长" * 1000}]}
    )
    caller = Caller("key", "shop", "key:shop")
    question = Question(long, caller, "key:shop", assistant=True)
    client, report = EngineClient(1, 1, 1), TurnReport()
    calls = EngineCalls(client, cache_salt=str, pseudonym=str)
    given = EngineInput(long, Attachments(), assistant=True)

    async def ask(permit: Permit, elsewhere: Callable[[], bool]) -> Call:
        return await calls.open(question, given, permit, elsewhere, report)

    failover = Failover(queue, None, client, Metrics("0", "lite"))
    with pytest.raises(ContextLengthExceeded):
        await failover.run(question, ignore, report, ask)
    lite.breaker.failed()
    assert lite.breaker.state is not State.CLOSED, "the failure before was not forgotten"
    assert lite.inflight == 0


async def test_whoever_waits_gets_the_engine_whose_circuit_is_closed_again() -> None:
    """Nobody's request is the check: while it is under way requests wait."""
    with running("tests.support.fake_engine", {}) as server:
        one = Upstream("engine-1", server.url, "m", 8192, Breaker(1, 0.2), 1)
        queue = admission(one)
        one.breaker.failed()
        with pytest.raises(UpstreamUnavailable) as refused:
            await queue.admit("a", "x")
        assert refused.value.details == {"retry_after": 1}
        client = EngineClient(1, 1, 1)
        monitor = HealthMonitor(
            client, [one], LaunchStatusFile(None), Metrics("0", "lite"), changed=queue.dispatch
        )
        await asyncio.sleep(0.25)
        waiting = asyncio.create_task(queue.admit("b", "x"))
        watching = asyncio.create_task(monitor.run())
        permit = await asyncio.wait_for(waiting, 5)
        assert permit.upstream is one
        watching.cancel()
        client.close()

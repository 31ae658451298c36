"""The relay benchmark runs against the real gateway and notices changed or lost events."""

import math
import os
from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.relay import load, script, table
from benchmarks.relay.__main__ import measured
from benchmarks.relay.load import Answer, Plan
from benchmarks.relay.measures import FULL, Bench, Sizes, WrongAnswers
from benchmarks.relay.peers import PEERS, Relay, running_engine

TINY = Sizes(
    rounds=2, windows=2, window_seconds=0.5, streams=4, tokens=8, seconds=0.0, clients=2, pairs=2, open_streams=4, open_tokens=4, events=200, photos=1,
    photo_width=640, bodies=2, warming_bodies=1, settle=0.1,
)  # fmt: skip
GATEWAY = [peer for peer in PEERS if peer.name == table.OURS]
EVENTS = script.stream(4)


@pytest.fixture(scope="module")
def figures() -> table.All:
    cores = sorted(os.sched_getaffinity(0))
    return measured(GATEWAY, TINY, cores[0], cores[-1], lambda _: None)


def test_every_row_has_a_figure_of_the_gateway(figures: table.All) -> None:
    assert set(figures[table.OURS]) == {row.name for row in table.rows(TINY)}
    shown = table.table(figures, [table.DIRECT, table.OURS], TINY)
    # In so short a run, a difference may be below the noise, and then has no figure.
    bounded = [
        row
        for row in table.rows(TINY)
        if row.reached is not None and not math.isnan(figures[table.OURS][row.name])
    ]
    assert shown.count("reached") == len(bounded) >= 10


def test_what_needs_a_peer_is_not_reached_without_it(figures: table.All) -> None:
    perfect = {row.name: 0.0 for row in table.rows(FULL)} | {
        "whole_second": 1e6,
        "streams_second": 1e6,
    }
    rows = {row.name: row for row in table.rows(FULL)}
    alone = {table.OURS: perfect}
    peers = {"nginx": {"cpu_event": 20.0}, "vllm-router": {"streams_second": 900.0}}
    lite = {"LiteLLM": {"cpu_event": 558.0, "whole_second": 60.0}}
    for name in ("cpu_ratio", "streams_second", "whole_second"):
        judge = rows[name].reached
        assert judge is not None
        assert not judge(alone)
        assert judge({**alone, **peers, **lite})


@pytest.mark.parametrize(
    "body",
    [
        EVENTS.replace(b" t0002", b" t0003"),
        EVENTS.replace(script.steps(4)[2], b""),
        b"".join((script.steps(4)[0], *reversed(script.steps(4)[1:-1]), script.steps(4)[-1])),
        EVENTS.replace(b'"logprobs":null,', b""),
        EVENTS.removesuffix(b"data: [DONE]\n\n"),
        EVENTS + b": keep-alive\n\n",
    ],
    ids=["changed", "lost", "out of order", "rewritten", "without its end", "with a stranger"],
)
def test_an_event_that_is_not_as_it_was_sent_is_noticed(body: bytes) -> None:
    assert load.same_bytes(Answer(4, status=200, body=EVENTS)) == ""
    assert load.same_bytes(Answer(4, status=200, body=body)) != ""


def test_a_rewritten_stream_passes_for_litellm_but_a_lost_token_does_not() -> None:
    rewritten = EVENTS.replace(b'"logprobs":null,', b"")
    assert load.same_text(Answer(4, status=200, body=rewritten)) == ""
    assert load.same_text(Answer(4, status=200, body=EVENTS.replace(b" t0001", b""))) != ""


def test_a_relay_that_answers_otherwise_than_the_engine_ends_the_bench() -> None:
    with running_engine() as (url, engine):
        relay = Relay("stubborn", url, engine, check=lambda _: "not what was sent")
        bench = Bench(relay, url, engine, TINY, lambda _: None)
        with pytest.raises(
            WrongAnswers, match="stubborn, a trial: 6 wrong, the first: not what was sent"
        ):
            bench.run("a trial", Plan(3, 2, relay.check))


def test_the_page_keeps_its_other_sections(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text("# Performance\n\nBefore.\n", "utf-8")
    report.write("bench-relay", "first", page)
    page.write_text(page.read_text("utf-8") + "\nAfter.\n", "utf-8")
    report.write("bench-relay", "second", page)
    assert (
        page.read_text("utf-8")
        == "# Performance\n\nBefore.\n\n<!-- bench-relay -->\nsecond\n<!-- /bench-relay -->\n\nAfter.\n"
    )

"""The table: one row a measure, its target, and whether it was reached."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.relay.measures import Figures, Sizes
from benchmarks.report import machine

OURS = "SightDesk"
DIRECT = "no relay"
All = dict[str, Figures]
NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Row:
    """`reached` judges our figures; a comparison with a missing relay counts as not reached."""

    name: str
    label: str
    target: str = ""
    reached: Callable[[All], bool] | None = None
    digits: int = 1


def ours(name: str, all_figures: All) -> float:
    return all_figures[OURS].get(name, NAN)


def peer(relay: str, name: str, all_figures: All) -> float:
    return all_figures.get(relay, {}).get(name, NAN)


def at_most(name: str, bound: float) -> Callable[[All], bool]:
    return lambda found: ours(name, found) <= bound


def over_nginx(found: All) -> All:
    """`found` with each relay's CPU an event over nginx's: ratios depend less on the machine."""
    floor = peer("nginx", "cpu_event", found)
    return {
        name: {**figures, "cpu_ratio": figures.get("cpu_event", NAN) / floor}
        for name, figures in found.items()
    }


def cheap_beside_others(found: All) -> bool:
    mine = ours("cpu_event", found)
    return mine <= 2 * peer("nginx", "cpu_event", found) and 13 * mine <= peer(
        "LiteLLM", "cpu_event", found
    )


def fast_wholes(found: All) -> bool:
    mine = ours("whole_second", found)
    return mine >= 1500 and mine >= 15 * peer("LiteLLM", "whole_second", found)


def rows(sizes: Sizes) -> tuple[Row, ...]:
    count = sizes.streams
    return (
        Row("cpu_event", f"CPU a streamed event, µs ({count} streams, 20 ms apart)", "≤ 40", at_most("cpu_event", 40)),
        Row("cpu_ratio", "the same over nginx's", "≤ 2, ≤ 1/13 of LiteLLM's", cheap_beside_others, 2),
        Row("first_p50", f"time to first token with {count} streams open, p50, ms", "≤ 10", at_most("first_p50", 10)),
        Row("first_p99", "the same, p99", "≤ 80", at_most("first_p99", 80)),
        Row("herd_p50", f"time to first token, {count} asked for at the same moment, p50, ms"),
        Row("herd_p99", "the same, p99"),
        Row("streams_second", f"streams a second back to back (64 tokens, {sizes.clients} clients)", "≥ vllm-router", lambda found: ours("streams_second", found) >= peer("vllm-router", "streams_second", found), 0),
        Row("engine_busy", "of the load core for it: engine, %", digits=0),
        Row("client_busy", "of the load core for it: client, %", digits=0),
        Row("whole_second", f"non-streaming requests a second ({sizes.clients} clients)", "≥ 1,500, ≥ 15 × LiteLLM", fast_wholes, 0),
        Row("added_p50", "added to the first token, one client, p50, ms", "≤ 1", at_most("added_p50", 1), 2),
        Row("added_p99", "the same, p99", "≤ 2", at_most("added_p99", 2), 2),
        Row("resident", f"resident memory with {sizes.open_streams:,} open streams, MB", "≤ 160", at_most("resident", 160), 0),
        Row("resident_after", f"the same after {sizes.events:,} events", "the same (≤ 5 % more)", lambda found: ours("resident_after", found) <= 1.05 * ours("resident", found), 0),
        Row("stall_p99", f"event-loop stall while {sizes.photos} 12-megapixel photos are scaled, p99, ms", "≤ 10", at_most("stall_p99", 10)),
        Row("stall_floor", "the same beside the gateway: what this machine itself adds, p99, ms"),
        Row("health_p99", "/healthz meanwhile, p99, ms"),
        Row("image_work", "image work, CPU over bare libvips'", "≤ 1.15", at_most("image_work", 1.15), 2),
        Row("body_peak", "a 10 MB body with images, memory at its peak over its size", "≤ 2.5", at_most("body_peak", 2.5), 2),
        Row("body_kept", "kept of each such body, beyond the scaled pictures, over its size", "no copy (≤ 0.1)", at_most("body_kept", 0.1), 2),
    )  # fmt: skip


def shown(value: float, digits: int) -> str:
    return "–" if math.isnan(value) else f"{value:,.{digits}f}"


def table(found: All, names: list[str], sizes: Sizes) -> str:
    lines = [
        "| measure | " + " | ".join(names) + " | to reach | |",
        "| --- | " + " ".join("---: |" for _ in names) + " --- | --- |",
    ]
    for row in rows(sizes):
        cells = [shown(found.get(name, {}).get(row.name, NAN), row.digits) for name in names]
        if set(cells) == {"–"}:
            continue
        judged = "" if row.reached is None else ("reached" if row.reached(found) else "not reached")
        lines.append(f"| {row.label} | {' | '.join(cells)} | {row.target} | {judged} |")
    return "\n".join(lines)


def section(found: All, names: list[str], versions: dict[str, str], sizes: Sizes) -> str:
    told = ", ".join(f"{name} {version}" for name, version in versions.items() if name != OURS)
    return f"""## What relaying costs

`make bench-relay`, {machine()};
{told}.

- The relay has one core; the fake engine and the client share another.
- Relays run in turn, {sizes.rounds} rounds, each started anew (LiteLLM once). A row is the median, except for
  memory and image work.
- CPU an event: nginx, vllm-router and SightDesk run side by side, in {sizes.windows} windows of
  {sizes.window_seconds:g} s each, in turn, so that a slow minute affects all.
- SightDesk has all features on: key, rate limit, admission, accounting, metrics, request log. Its
  database has its tables already.
- Every answer is compared with what the engine sent. An answer is 66 events (role, 64 tokens,
  finish); its CPU includes its request's.
- With open streams, new ones start evenly spread as old ones end.

Compare ratios: absolute figures depend on the machine.

{table(found, names, sizes)}"""

"""Throughput and latency of one card: text, one screenshot, two; 1, 3, 16 and 64 clients; through
the gateway and straight to the engine.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from benchmarks.serving import Client, Figures, Load

SCREENSHOT = "(768, 1366, 1)"
KINDS = ("words alone", "a screenshot", "two screenshots")  # by how many pictures
PROMPTS = {1: 6, 3: 3}  # by each client; 2 where there are more
# Mean seconds of a whole answer by (pictures, clients), measured on one card before SightDesk.
TO_REACH = {(0, 1): 0.8, (1, 1): 1.4, (2, 1): 2.9, (1, 3): 1.5}
SIDES = ("straight", "through the gateway")
INTRODUCTION = """### Measured

`python -m benchmarks.engine`, {machine};
{card}; {engine}.
vLLM's client, `vllm bench serve` (backend `openai-chat`, 64 random tokens, `random-mm` screenshots
of 1366×768, {answer} tokens asked for), through the gateway (`MAX_CONCURRENT=128`) and straight to
the engine, in turn, in one run. Both cache prompts and pictures, so every run has new ones."""


@dataclass(slots=True)
class Cell:
    """One load on both sides, round by round."""

    load: Load
    found: tuple[list[Figures], list[Figures]] = field(default_factory=lambda: ([], []))

    def rows(self) -> Iterator[str]:
        load = self.load
        to_reach = TO_REACH.get((load.pictures, load.concurrency), "")
        for side, runs in zip(SIDES, self.found, strict=True):
            if runs:
                yield (
                    f"| {KINDS[load.pictures]} | {load.concurrency} | {side} | {mean(runs, 'throughput'):.0f} | {mean(runs, 'first'):.0f} "
                    f"| {mean(runs, 'between'):.2f} | {mean(runs, 'whole') / 1000:.2f} | {to_reach} | {mean(runs, 'whole_p99') / 1000:.2f} "
                    f"| {sum(one.failed for one in runs)} |"
                )

    def ratio(self) -> float:
        straight, through = self.found
        return mean(through, "throughput") / mean(straight, "throughput")


def mean(runs: list[Figures], name: str) -> float:
    return statistics.mean(float(getattr(one, name)) for one in runs)


def loads(at_once: list[int], answer: int) -> list[Load]:
    return [
        Load(PROMPTS.get(clients, 2), clients, SCREENSHOT, pictures, answer, warmups=0)
        for clients in at_once
        for pictures in range(len(KINDS))
    ]


def measure(
    client: Client,
    urls: tuple[str, str],
    wanted: list[Load],
    rounds: int,
    seconds: float,
    show: Callable[[str], None],
) -> int:
    """The number of failed requests.

    `urls`: the engine's and the gateway's. `show` gets the table after every run, so that an
    interrupted bench keeps its results. After `seconds` no further round starts.
    """
    until = time.monotonic() + seconds
    for number, url in enumerate(urls):
        # Warm-up: kernels compiled on first use, connections, caches.
        client.measure(url, Load(1, 16, SCREENSHOT, 2, 16, warmups=0), seed=number)
    cells = [Cell(load) for load in wanted]
    seed = 1000
    for turn in range(rounds):
        for cell in cells:
            if turn and time.monotonic() > until:
                break
            for side in (
                (0, 1) if turn % 2 == 0 else (1, 0)
            ):  # each goes first in half of the rounds, so a drift affects both
                seed += 1
                cell.found[side].append(client.measure(urls[side], cell.load, seed))
                show(table(cells))
            print("\n".join(cell.rows()), flush=True)
    return sum(one.failed for cell in cells for runs in cell.found for one in runs)


def table(cells: list[Cell]) -> str:
    lines = [
        "| prompt | at once | | tokens/s | first token, ms | between tokens, ms | whole answer, s: mean | to reach | p99 | failed |",
        "| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for cell in cells:
        lines += cell.rows()
    runs = sorted({len(cell.found[1]) for cell in cells})
    ratios = [cell.ratio() for cell in cells if all(cell.found)]
    if ratios:
        lines += [
            "",
            f"Runs behind a row: {', '.join(map(str, runs))}. Throughput through the gateway over straight: "
            f"{statistics.mean(ratios):.3f} on\naverage, {min(ratios):.3f} to {max(ratios):.3f} by load "
            "(to reach: 0.97).",
        ]
    return "\n".join(lines)

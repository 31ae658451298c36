"""The figures of `make bench-desk` and the bounds that they are held against."""

from dataclasses import dataclass

from benchmarks import report
from benchmarks.relay import script

# What is to be reached by the page's questions, by the number of clients.
LEAST_ANSWERS, MOST_CPU = {32: 600.0}, {32: 1.6}  # a second, back to back; milliseconds each
MOST_P50, MOST_P99 = {32: 8.0, 256: 60.0}, {32: 40.0}  # milliseconds to the first token


@dataclass(frozen=True, slots=True)
class Figures:
    """`engine` and `client`: percent of the load core."""

    answers_second: float
    cpu_ms: float
    first_p50: float  # milliseconds
    first_p99: float
    engine: float
    client: float


def cell(value: float, digits: int, is_reached: bool | None) -> str:
    mark = "" if is_reached is None else (" ✓" if is_reached else " ✗")
    return f"{value:,.{digits}f}{mark}"


def table(found: dict[tuple[str, int], Figures]) -> str:
    lines = [
        "| question | clients | answers a second | CPU an answer, ms | first token p50, ms | p99, ms "
        "| load core: engine, % | client, % |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for (name, clients), one in found.items():
        bounded = clients if name.startswith("/api") else 0
        saturated = 0 if name.endswith("a token") else bounded
        cells = (
            name,
            str(clients),
            cell(one.answers_second, 0, over(one.answers_second, LEAST_ANSWERS.get(saturated))),
            cell(one.cpu_ms, 2, under(one.cpu_ms, MOST_CPU.get(saturated))),
            cell(one.first_p50, 1, under(one.first_p50, MOST_P50.get(bounded))),
            cell(one.first_p99, 1, under(one.first_p99, MOST_P99.get(bounded))),
            f"{one.engine:.0f}",
            f"{one.client:.0f}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def over(value: float, bound: float | None) -> bool | None:
    return None if bound is None else value >= bound


def under(value: float, bound: float | None) -> bool | None:
    return None if bound is None else value <= bound


def section(found: dict[tuple[str, int], Figures], rounds: int, seconds: float) -> str:
    return f"""## What a question of the page costs

`make bench-desk`, {report.machine()}.
The gateway alone on one core;
the fake engine ({script.TOKENS} tokens, back to back but for the rows that name a pause), the
clients and PostgreSQL (with fsync) on another. A page's question passes the visitor's cookie,
limits, store, masking, knowledge and extras; the same question on `/v1` is not stored.
Medians of {rounds} rounds of {seconds:g} s, the ways by turns.
To reach, for the page's questions: with 32 clients ≥ 600 answers a second, ≤ 1.6 ms of CPU,
first token ≤ 8 ms (p50) and ≤ 40 ms (p99); with 256 clients ≤ 60 ms (p50).

Back to back, the clients keep the gateway's core full: an answer then takes clients × CPU an
answer, and its first token waits in the same queue. So 8 ms at 32 clients would need 0.25 ms of CPU
an answer, less than the raw model takes on `/v1`. With 20 ms between tokens, as a model writes, the
same clients, who come one after the other, leave the core time.

{table(found)}"""

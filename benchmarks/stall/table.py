"""One row an attack: delays of the victims, memory, recovery, and whether the limits held."""

import re
from dataclasses import dataclass

from benchmarks.report import machine
from benchmarks.stall.attack import Attack, Outcome
from benchmarks.stall.victim import Round

MB = 1_000_000
MS = 1000
UNESCAPED_BAR = re.compile(r"(?<!\\)\|")
PROBE_SECONDS = 0.100  # beyond the machine's own delay
GAP_SECONDS = 0.250
GATEWAY_BYTES = 600 * MB
WORKERS_BYTES = 1200 * MB  # one worker at its limit of 1 GiB, and the others idle
LITE_BYTES = 900 * MB
RECOVERY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Row:
    attack: Attack
    outcome: Outcome
    seen: Round
    gateway: int  # peak bytes of the gateway process
    workers: int  # peak bytes of its worker processes
    lite: int
    recovery: float  # seconds after the attack until a question is answered in time

    @property
    def probe(self) -> float:
        """Seconds beyond the delay of the same probe at a server that does nothing."""
        return max(0.0, self.seen.probe - self.seen.machine)

    @property
    def gap(self) -> float:
        return max(0.0, self.seen.gap - self.seen.machine)

    def falls_short(self) -> list[str]:
        held = {
            f"probe {self.probe * MS:.0f} ms": self.probe <= PROBE_SECONDS,
            f"gap {self.gap * MS:.0f} ms": self.gap <= GAP_SECONDS,
            f"gateway {self.gateway / MB:.0f} MB": self.gateway <= GATEWAY_BYTES,
            f"workers {self.workers / MB:.0f} MB": self.workers <= WORKERS_BYTES,
            f"lite {self.lite / MB:.0f} MB": self.lite <= LITE_BYTES,
            f"recovery {self.recovery:.1f} s": self.recovery <= RECOVERY_SECONDS,
            f"a 500 among {self.outcome}": "500" not in self.outcome.statuses,
            "; ".join(self.seen.failed): not self.seen.failed,
        }
        return [what for what, well in held.items() if not well]

    def cells(self) -> list[str]:
        seen = self.seen
        return [
            self.attack.kind,
            self.attack.name,
            str(self.outcome),
            f"{self.probe * MS:.0f} ({seen.machine * MS:.0f})",
            f"{self.gap * MS:.0f}",
            f"{seen.stream:.2f}",
            f"{seen.picture:.2f}",
            f"{self.gateway / MB:.0f} / {self.workers / MB:.0f} / {self.lite / MB:.0f}",
            f"{self.recovery:.1f}",
            "; ".join(self.falls_short()) or "held",
        ]


HEAD = ["class", "attack", "answered", "probe, ms (machine)", "gap, ms", "stream, s", "picture, s", "MB gateway / workers / lite", "recovery, s", ""]  # fmt: skip


def line(cells: list[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def merged(attacks: list[Attack], rows: list[Row], page: str) -> list[str]:
    """The table's lines in the order of `attacks`: of `rows`, and of `page` for the others."""
    found = {line(row.cells()[:2]): line(row.cells()) for row in rows}
    for old in page.splitlines():
        if old.startswith("| "):
            found.setdefault("|".join(UNESCAPED_BAR.split(old)[:3]) + "|", old)
    heads = [line([attack.kind, attack.name]) for attack in attacks]
    return [found[head] for head in heads if head in found]


def section(attacks: list[Attack], rows: list[Row], page: str) -> str:
    """`page`: the section as it is; rows that were not measured now are taken from there."""
    lines = merged(attacks, rows, page)
    held = sum(each.endswith("| held |") for each in lines)
    kinds = ", ".join(dict.fromkeys(row.attack.kind for row in rows))
    missing = len(attacks) - len(lines)
    table = "\n".join(lines)
    return f"""## What one hostile caller costs the others

`make bench-stall`: {len(lines)} attacks, {held} held{f", {missing} not measured" if missing else ""}.
{machine()}.
Measured last: {kinds}.

Three victims run beside each attack: a probe of `/healthz` every 20 ms, streamed questions, and
questions with a new picture. A cell is the worst value.

- `probe` and `gap` (the longest silence within a stream): delay beyond that of a server that does
  nothing, which is in brackets.
- `stream` and `picture`: time of a whole answer.
- Limits: probe ≤ {PROBE_SECONDS * MS:.0f} ms, gap ≤ {GAP_SECONDS * MS:.0f} ms, gateway ≤ {GATEWAY_BYTES // MB} MB, its workers together
  ≤ {WORKERS_BYTES // MB} MB, `lite` ≤ {LITE_BYTES // MB} MB, every victim answered, no 500, and a question answered
  in time within {RECOVERY_SECONDS:g} s. A row beyond a limit is measured once more, which then counts.

{line(HEAD)}
{line(["---"] * len(HEAD))}
{table}"""

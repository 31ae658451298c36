"""docs/scale.md: the calculation for a thousand engines follows from what was measured above it."""

import math
import re

from gateway.chat.conversation_streams import MAX_STREAMS
from gateway.upstream.health import PROBE_EVERY_SECONDS
from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "scale.md").read_text("utf-8")
MEASURED, _, REST = PAGE.partition("\n## To a thousand engines\n")
MODEL = REST.partition("\n## ")[0]
ENGINES, PLACES, ANSWER_SECONDS, USED, PAGES = 1_000, 16, 6, 0.6, 100_000
ANSWERS = ENGINES * PLACES * USED / ANSWER_SECONDS  # a second
PLANNED = 0.5  # of what one core carries
MORE_MS = 0.5  # of CPU an answer, with so many engines


def measured(gateways: int) -> list[float]:
    """The row of the first table: answers a second, CPU, first token, Redis, PostgreSQL, idle."""
    [row] = re.findall(rf"^\| {gateways} \| (.*) \|$", MEASURED, re.MULTILINE)
    return [float(cell.replace("✓", "").replace("✗", "")) for cell in row.split("|")]


def about(value: float) -> str:
    """Two digits, as the page writes numbers."""
    digits = 1 - math.floor(math.log10(value))
    return f"{round(value, digits):,.0f}"


def row(part: str) -> str:
    [found] = [line for line in MODEL.splitlines() if line.startswith(f"| {part}")]
    return found


def test_open_pages_are_the_first_bottleneck() -> None:
    gateways = math.ceil(PAGES / MAX_STREAMS)
    assert f"{MAX_STREAMS:,} for each gateway" in row("live connections")
    assert f"**{gateways} gateways**" in row("live connections")
    by_cpu = re.search(r"(\d+) gateways", row("gateway, CPU"))
    assert by_cpu
    assert int(by_cpu[1]) < gateways


def test_gateways_by_their_cpu() -> None:
    cpu = measured(1)[1]
    carried = 1000 / (cpu + MORE_MS)
    told = row("gateway, CPU")
    assert f"{cpu:.2f} ms an answer" in told
    assert f"{about(carried)} answers a second" in told
    assert f"| {math.ceil(ANSWERS / (PLANNED * carried))} gateways |" in told


def test_what_answers_cost_the_stores() -> None:
    one, four = measured(1), measured(4)
    assert f"{ANSWERS:,.0f} answers a second" in " ".join(MODEL.split())
    assert f"{about(ANSWERS * four[3])} commands a second" in row("Redis")
    assert f"20 gateways {about(20 * one[5])} more" in row("Redis")
    low, high = about(ANSWERS * one[4]), about(ANSWERS * four[4])
    assert f"{low} to {high} statements a second" in row("PostgreSQL")


def test_probes_of_the_engines() -> None:
    gateways = math.ceil(PAGES / MAX_STREAMS)
    assert f"{gateways / PROBE_EVERY_SECONDS:.0f} probes a second in each engine" in row("probes")

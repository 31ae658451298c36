"""`make bench-relay`: measures every relay in front of the same engine.

The table goes to stdout and docs/performance.md.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from benchmarks import report
from benchmarks.relay import media, table
from benchmarks.relay.load import same_bytes
from benchmarks.relay.measures import (
    BRIEF,
    FULL,
    Bench,
    Figures,
    Sizes,
    WrongAnswers,
    direct_figures,
    medians,
    memory_figures,
    quick_figures,
    raise_file_limit,
    side_by_side,
)
from benchmarks.relay.peers import PEERS, Peer, Relay, running_engine, started_on
from tests.support.servers import on_core


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--brief", action="store_true", help="a minute; shows that all works, writes no page"
    )
    parser.add_argument(
        "--only", nargs="+", choices=[peer.name for peer in PEERS], help="these relays alone"
    )
    given = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        print("bench-relay: needs two cores, one for the relay alone", file=sys.stderr)
        return 2
    chosen = [peer for peer in PEERS if given.only is None or peer.name in given.only]
    missing = [peer.name for peer in chosen if not peer.installed()]
    if missing:
        say(f"not installed, left out: {', '.join(missing)}")
    peers = [peer for peer in chosen if peer.name not in missing]
    sizes = BRIEF if given.brief else FULL
    if (load := os.getloadavg()[0]) > 0.5:
        say(f"This machine is busy (load {load:.1f}): the figures are worth little.")
    try:
        found = measured(peers, sizes, cores[0], cores[-1], say)
    except WrongAnswers as wrong:
        say(f"bench-relay: {wrong}")
        return 1
    names = [table.DIRECT, *(peer.name for peer in peers)]
    versions = {peer.name: peer.version() for peer in peers}
    if table.OURS not in found:
        print(found)
    elif given.brief or given.only:
        print(table.table(found, names, sizes))
    else:
        text = table.section(found, names, versions, sizes)
        report.write("bench-relay", text)
        print(text)
    return 0


def measured(
    peers: list[Peer], sizes: Sizes, load_core: int, relay_core: int, say: Callable[[str], None]
) -> table.All:
    """Measures the relays in turn, each started anew, so that a slow minute affects all of them.

    Each row is the median. Raises WrongAnswers if the gateway fails; another relay that fails
    keeps the figures it has.
    """
    raise_file_limit()
    found: dict[str, list[Figures]] = {table.DIRECT: [], **{peer.name: [] for peer in peers}}
    with on_core(load_core), running_engine() as (url, engine):
        straight = Relay(table.DIRECT, url, engine, same_bytes)
        found[table.DIRECT] += direct_figures(Bench(straight, url, engine, sizes, say))
        for number in range(sizes.rounds):
            last = number == sizes.rounds - 1
            for peer in peers:
                if last or not peer.slow:
                    with (
                        tempfile.TemporaryDirectory() as folder,
                        started_on(relay_core, peer.start(url, Path(folder))) as relay,
                    ):
                        found[peer.name].append(
                            turn(peer, Bench(relay, url, engine, sizes, say), last)
                        )
        if table.OURS in found:
            found[table.OURS].append(media.figures(url, sizes, relay_core, say))
        made = {name: medians(figures) for name, figures in found.items()}
        for name, cost in beside_each_other(
            [peer for peer in peers if not peer.slow], url, engine, sizes, relay_core, say
        ).items():
            made[name]["cpu_event"] = cost
    return table.over_nginx(made)


def beside_each_other(
    peers: list[Peer],
    url: str,
    engine: "subprocess.Popen[bytes]",
    sizes: Sizes,
    core: int,
    say: Callable[[str], None],
) -> dict[str, float]:
    with ExitStack() as stack:
        benches = []
        for peer in peers:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            relay = stack.enter_context(started_on(core, peer.start(url, folder)))
            benches.append(Bench(relay, url, engine, sizes, say))
        return side_by_side(benches, sizes.windows if benches else 0, table.OURS)


def turn(peer: Peer, bench: Bench, last: bool) -> Figures:
    """Figures of one relay up to its first failure. Memory is measured in the last turn only."""
    found: Figures = {}
    try:
        for figures in quick_figures(bench):
            found |= figures
        for figures in (
            memory_figures(bench, 0 if peer.slow else bench.sizes.events) if last else ()
        ):
            found |= figures
    except WrongAnswers as wrong:
        if peer.name == table.OURS:
            raise
        bench.say(f"the rest of this turn is left out: {wrong}")
    return found


if __name__ == "__main__":
    sys.exit(main())

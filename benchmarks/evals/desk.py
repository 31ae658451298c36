"""Asks all cases of a desk: of one that runs, or of one of our own."""

import contextlib
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.evals.asking import Customer
from benchmarks.evals.sheet import Judged
from scripts.evals.cases import Case
from scripts.evals.judging import judge
from tests.support.business import connector_settings, running_business
from tests.support.servers import running_gateway, running_lite, wait_for
from tests.support.vectors import wait_for_vectors

SIDE_BY_SIDE = 2  # cases asked at once
PROGRESS_SECONDS = 5


@contextlib.contextmanager
def own_desk(knowledge: Path, *, with_business: bool = False) -> Iterator[str]:
    """The URL of a desk of our own: gateway and `lite` on free ports. `with_business`: also the
    example business and its connectors, whose customer `demo` an anonymous caller is."""
    # A busy machine must not judge the answers: no vector and no reading is given up early.
    settings = {
        "KNOWLEDGE_DIR": str(knowledge.resolve()),
        "EMBEDDING_TIMEOUT": "30",
        "READER_TIMEOUT": "60",
    }
    with contextlib.ExitStack() as stack:
        data = stack.enter_context(tempfile.TemporaryDirectory())
        lite = stack.enter_context(running_lite())
        if with_business:
            business = stack.enter_context(running_business())
            settings |= {"STAFF_ANONYMOUS": "1", **connector_settings(business.url)}
        gateway = stack.enter_context(running_gateway(lite.url, Path(data), **settings))
        wait_for(gateway.url + "/readyz")
        wait_for_vectors(gateway.url)
        yield gateway.url


def ask_all(url: str, key: str, cases: Sequence[Case]) -> list[Judged]:
    """Asks the cases, two at a time, and shows on stderr how far it is."""

    def ask(case: Case) -> Judged:
        answers = list(Customer(url, key).ask(case))
        marks = [judge(turn.expect, each) for turn, each in zip(case.turns, answers, strict=True)]
        return Judged(case, answers, marks)

    run: list[Judged] = []
    shown = time.monotonic()
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        for judged in pool.map(ask, cases):
            run.append(judged)
            if time.monotonic() - shown > PROGRESS_SECONDS or len(run) == len(cases):
                shown = time.monotonic()
                right = sum(each.right for each in run)
                print(f"  {len(run)} of {len(cases)} asked, {right} right", file=sys.stderr)
    return run

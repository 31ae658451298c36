"""Which tests run beside which, where several workers run them."""

import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.support import workers
from tests.support.workers import KINDS, Kind, turn


class Waiting:
    """A test of another worker, which waits for its turn or has it."""

    def __init__(self, kind: Kind) -> None:
        self.runs, self.over = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._run, args=(kind,))
        self.thread.start()

    def _run(self, kind: Kind) -> None:
        with turn(kind):
            self.runs.set()
            self.over.wait(10)

    def end(self) -> None:
        self.over.set()
        self.thread.join()


@pytest.fixture(autouse=True)
def run(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setattr(workers, "RUN", tmp_path_factory.mktemp("run").name)
    monkeypatch.setattr(tempfile, "gettempdir", lambda: tmp_path_factory.getbasetemp())


@contextmanager
def waiting(kind: Kind) -> Iterator[Waiting]:
    made = Waiting(kind)
    try:
        yield made
    finally:
        made.end()


@pytest.mark.parametrize("first", KINDS)
@pytest.mark.parametrize("second", KINDS)
def test_only_tests_of_one_kind_run_beside_each_other(first: Kind, second: Kind) -> None:
    with ExitStack() as later:
        with turn(first):
            other = later.enter_context(waiting(second))
            assert other.runs.wait(0.2) is (first == second != "alone")
        assert other.runs.wait(5)


def test_who_waits_is_passed_by_nobody() -> None:
    with ExitStack() as later:
        with turn("usual"):
            alone = later.enter_context(waiting("alone"))
            assert not alone.runs.wait(0.2)
            usual = later.enter_context(waiting("usual"))
            assert not usual.runs.wait(0.2)
        assert alone.runs.wait(5)
        assert not usual.runs.wait(0.2)
        alone.end()
        assert usual.runs.wait(5)

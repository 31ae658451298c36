"""The real servers, started once a session. A test that needs other settings starts its own."""

import gc
import os
from collections.abc import Generator, Iterator

import pytest
from xdist.scheduler import LoadScopeScheduling

# One browser for all who look at pages; pytest finds fixtures by name in here.
from tests.support.chromium import axe, browser, page
from tests.support.servers import Running, running_desk, running_lite
from tests.support.workers import KINDS, scope_of, turn

# Real vLLM takes minutes to install and to start: `make test-engine` asks for its tests by name.
collect_ignore = [] if os.environ.get("TEST_ENGINE") else ["engine", "docker/test_cpu_engine.py"]


@pytest.fixture(scope="session")
def desk() -> Iterator[Running]:
    with running_desk() as gateway:
        yield gateway


@pytest.fixture(scope="session")
def lite() -> Iterator[Running]:
    with running_lite() as engine:
        yield engine


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests run last: Playwright's event loop stays open in this thread, and asyncio tests
    need their own."""
    items.sort(key=lambda item: not {"browser", "embedding"}.isdisjoint(item.path.parts))


def pytest_collection_finish() -> None:
    """Some thousand tests and their modules stay to the end: a collection need not look at them."""
    gc.collect()
    gc.freeze()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """`SERVER_FAST_PATH=0 pytest …` runs every gateway on the plain path, and `TEST_LONG=1
    pytest …` also the tests that take minutes."""
    if item.get_closest_marker("long") and not os.environ.get("TEST_LONG"):
        pytest.skip("`make test-docker` runs this")
    if (only := item.get_closest_marker("fast_path_only")) and os.environ.get(
        "SERVER_FAST_PATH"
    ) == "0":
        pytest.skip(str(only.args[0]))


class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives each worker one file after the other, in the order of the collection."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByFile:
    config.option.loadscopereorder = False
    return ByFile(config, log)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """With several workers, a test marked `alone` waits until no other one runs, and one marked
    `calm` until only such ones run."""
    with turn(next((kind for kind in KINDS if item.get_closest_marker(kind)), "usual")):
        return (yield)

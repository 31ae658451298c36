"""The real servers, once a session; each test that needs another setting starts its own."""

import base64
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.servers import Running, running_desk, running_lite

# One browser for all who look at pages; pytest finds fixtures by name in here.
from tests.chromium import axe, browser, page  # noqa: F401

# Real vLLM takes minutes to install and to start: `make test-engine` asks for its tests by name.
collect_ignore = [] if os.environ.get("TEST_ENGINE") else ["engine", "docker/test_cpu_engine.py"]

SCREENS = Path(__file__).parents[1] / "examples" / "screens"


@pytest.fixture(scope="session")
def desk() -> Iterator[Running]:
    with running_desk() as gateway:
        yield gateway


@pytest.fixture(scope="session")
def lite() -> Iterator[Running]:
    with running_lite() as engine:
        yield engine


def data_url(data: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def screen(name: str) -> str:
    return data_url((SCREENS / f"{name}.png").read_bytes())


def picture_message(question: str, *urls: str) -> dict[str, object]:
    pictures = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    return {"role": "user", "content": [{"type": "text", "text": question}, *pictures]}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser comes last: Playwright's own event loop stays open in this thread, and asyncio tests want theirs."""
    items.sort(key=lambda item: not {"browser", "embedding"}.isdisjoint(item.path.parts))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """`SERVER_FAST_PATH=0 pytest …` runs every gateway on the plain path: settings are inherited."""
    if (only := item.get_closest_marker("fast_path_only")) and os.environ.get(
        "SERVER_FAST_PATH"
    ) == "0":
        pytest.skip(str(only.args[0]))

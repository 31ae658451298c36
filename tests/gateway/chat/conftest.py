"""Fixtures that pytest finds by their names in this file."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import requests

from tests.support.asking import Asking
from tests.support.databases import database, postgres, url
from tests.support.servers import Running
from tests.support.tool_loop import Loop


@pytest.fixture
async def loop(engine: Running, empty_folder: Path) -> AsyncIterator[Loop]:
    asking = Asking(engine, empty_folder)
    yield Loop(engine, asking)
    assert asking.upstream.inflight == 0
    requests.post(engine.url + "/script", json=[], timeout=5)
    asking.client.close()

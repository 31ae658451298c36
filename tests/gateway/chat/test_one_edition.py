"""A turn is made from one edition of the knowledge, from its first round to its last event."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import requests

from gateway.chat.events import Citations, Grounding
from gateway.knowledge.knowledge_base import KnowledgeBase
from tests.support.asking import Asking
from tests.support.servers import Running
from tests.support.tool_loop import TRACK, WAYBILL, Loop, said
from tests.support.tools import StubTool

TEXT = "# 包裹\n\n## 1.1 丢失的包裹\n\n包裹丢失的，在{}天内退款。\n"
ASKED = f"包裹 {WAYBILL} 丢失了，几天内退款？"


def folder_of(path: Path, days: int) -> Path:
    path.mkdir()
    (path / "parcels.md").write_text(TEXT.format(days))
    return path


@pytest.fixture
async def loop(engine: Running, tmp_path: Path) -> AsyncIterator[Loop]:
    asking = Asking(engine, folder_of(tmp_path / "old", 7))
    yield Loop(engine, asking)
    requests.post(engine.url + "/script", json=[], timeout=5)
    asking.client.close()


class ChangesKnowledge(StubTool):
    """While it is called, the knowledge becomes another one."""

    async def call(self, *given: Any, **more: Any) -> Any:
        self.change()
        return await super().call(*given, **more)

    change: Any = None


async def test_a_change_while_a_tool_runs_is_in_the_next_turn_alone(
    loop: Loop, tmp_path: Path
) -> None:
    asking = loop.asking
    new = KnowledgeBase(folder_of(tmp_path / "new", 9), wait=30).snapshot
    before = asking.retriever.edition().version()
    changing = ChangesKnowledge("track")
    changing.change = lambda: setattr(asking.knowledge, "snapshot", new)
    loop.tools.tools = [changing]

    old = {"text": "包裹丢失的，在7天内退款[1]。"}
    events = await loop.ask(TRACK, old, text=ASKED)
    assert asking.knowledge.snapshot is new
    assert "7天" in said(events)
    for body in loop.bodies(2):  # both rounds were given the same clause
        assert "7天" in str(body)
        assert "9天" not in str(body)
    [cited] = next(one.citations for one in events if isinstance(one, Citations))
    assert "7天" in cited["text"]
    assert next(one.supported for one in events if isinstance(one, Grounding)) is True
    assert asking.report.knowledge_version == before

    events = await loop.ask({"text": "在9天内退款[1]。"}, text=ASKED)
    [cited] = next(one.citations for one in events if isinstance(one, Citations))
    assert "9天" in cited["text"]
    after = asking.report.knowledge_version
    assert after == asking.retriever.edition().version() != before


async def test_an_answer_without_a_search_has_its_version_too(loop: Loop) -> None:
    await loop.ask({"text": "不客气。"}, text="谢谢")
    assert loop.asking.report.knowledge_version == loop.asking.retriever.edition().version()


async def test_the_raw_model_answers_from_no_knowledge(loop: Loop) -> None:
    await loop.ask({"text": "您好。"}, model="fake-vl")
    assert loop.asking.report.knowledge_version == ""

"""A stored answer says which version of the knowledge it is made from, to staff."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from gateway.reports.exchanges import Filters
from gateway.reports.export_lines import ExportLines
from gateway.reports.period import period_of
from gateway.storage import turn_statements
from gateway.storage.conversations import Conversations
from gateway.storage.database import Database
from gateway.storage.desk_conversations import DeskConversations
from gateway.storage.file_store import FileStore
from gateway.storage.turns import Answered, Asked, now
from tests.support.databases import ME, ask, close_turn, open_turns, whole

VERSION = "0123456789abcdef"


@pytest.fixture
def answered(database: Database) -> Database:
    """Two answers: one with a version, one as they were stored without."""
    open_turns(database, Asked(ME, "conversation-1", "answer-1", "one"))
    close_turn(database, "answer-1", Answered("done", "1", knowledge_version=VERSION))
    ask(database, 2)
    return database


def answers_of(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in told["messages"] if one["role"] == "assistant"]


def test_staff_see_the_version_and_customers_do_not(
    answered: Database, conversations: Conversations, tmp_path: Path
) -> None:
    desk = DeskConversations(answered, FileStore(tmp_path / "files"))
    told = orjson.loads(b"".join(desk.pieces("conversation-1")))
    assert [one["knowledge_version"] for one in answers_of(told)] == [VERSION, None]
    own = answers_of(whole(conversations))
    assert len(own) == 2
    assert not any("knowledge_version" in one for one in own)


def test_exports_have_the_version(answered: Database) -> None:
    lines = ExportLines(answered, lambda owner: "somebody", lambda action: {})
    period = period_of("0", "", "", now() + 1000)
    told = map(orjson.loads, b"".join(lines.json_lines(period, Filters())).splitlines())
    versions = [one["answer"]["knowledge_version"] for one in told if one["object"] == "exchange"]
    assert versions == [VERSION, None]
    first, second = b"".join(lines.table(period, Filters())).decode().splitlines()[1:]
    assert first.endswith(f'"{VERSION}"')
    assert second.endswith('""')


def test_the_version_before_goes_on_filling_answers(
    answered: Database, conversations: Conversations
) -> None:
    """While gateways are replaced one by one, its statements run on the new tables."""
    earlier = turn_statements.FILL_TURNS.replace(
        ",\n        knowledge_version = given.knowledge_version", ""
    )
    assert earlier != turn_statements.FILL_TURNS
    open_turns(answered, Asked(ME, "conversation-1", "answer-3", "three"))
    columns = dict(turn_statements.ANSWER)
    del columns["knowledge_version"]
    is_sqlite = answered.is_sqlite
    table = (turn_statements._in_sqlite if is_sqlite else turn_statements._in_postgresql)(columns)
    row = {**dict.fromkeys(columns), "id": "answer-3", "state": "done", "text": "three"}
    rows = orjson.dumps([{**row, "degraded": False, "citations": [], "reading": []}]).decode()
    with answered.connected() as connection:
        connection.execute(text(earlier.replace("GIVEN", table)), {"rows": rows})
    assert answers_of(whole(conversations))[-1]["text"] == "three"

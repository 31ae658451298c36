"""Hand-overs from before they had states are kept: the newest of each conversation waits on."""

from alembic import command
from sqlalchemy import create_engine, make_url, text

from gateway.handoffs.listing import HandoffLists
from gateway.storage import migration
from gateway.storage.database import open_database
from gateway.storage.owners import digest
from gateway.storage.sql_engine import normal
from tests.support.databases import ME, handoffs_of


def test_old_hand_overs_get_numbers_and_one_a_conversation_waits(url: str) -> None:
    engine = create_engine(normal(make_url(url)))
    with engine.begin() as connection:
        config = migration.configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        for conversation in ("a", "b"):
            connection.execute(
                text("INSERT INTO conversations VALUES (:id, :owner, 'q', 1, 1)"),
                {"id": conversation, "owner": digest(ME)},
            )
        for number, conversation in enumerate(("a", "a", "b"), 1):
            connection.execute(
                text(
                    "INSERT INTO handoffs (id, conversation_id, note, status, created_at) "
                    "VALUES (:id, :conversation, 'please', 'open', :at)"
                ),
                {"id": f"handoff-{number}", "conversation": conversation, "at": 1000 * number},
            )
    engine.dispose()
    database = open_database(url, lambda: None)
    rows = HandoffLists(database).page("anna", None, 10)["data"]
    assert [(one["id"], one["status"]) for one in rows] == [
        ("handoff-3", "missed"),
        ("handoff-2", "missed"),
        ("handoff-1", "resolved"),
    ]
    assert len({one["number"] for one in rows}) == 3
    handoffs = handoffs_of(database)
    assert handoffs.hand_over(ME, "a")[0]["id"] == "handoff-2"
    assert handoffs.claim("anna", "handoff-2")[0]["status"] == "claimed"
    database.close()

"""A gateway that crashes during an answer, and a database that is locked, gone or wrong."""

import contextlib
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gateway.storage.database import REST_SECONDS
from tests.support.http_client import metric, until
from tests.support.pictures import encoded
from tests.support.postgres import running_postgres
from tests.support.servers import Running, free_port, running_gateway, wait_for
from tests.support.visitor import SETTINGS, Visitor, began, code, events


def test_a_crash_in_the_middle_of_an_answer_leaves_a_failed_answer(
    engine: Running, tmp_path: Path
) -> None:
    with running_gateway(engine.url, tmp_path, **SETTINGS) as first:
        wait_for(first.url + "/readyz")
        me = Visitor(first.url)
        asked = began(me.begin("endless"))
        first.process.send_signal(signal.SIGKILL)
        first.process.wait(20)
    with running_gateway(engine.url, tmp_path, **SETTINGS) as second:
        me.url = second.url
        assert [turn.get("state") for turn in me.turns(asked["conversation"])] == [None, "failed"]


def test_a_gateway_that_is_told_to_stop_keeps_what_was_written(
    engine: Running, tmp_path: Path
) -> None:
    with running_gateway(engine.url, tmp_path, **{**SETTINGS, "RESUME_GRACE": "100"}) as first:
        wait_for(first.url + "/readyz")
        me = Visitor(first.url)
        running = me.begin("endless")
        asked = began(running)
        running.close()
        me.session.close()
        first.process.terminate()
        first.process.wait(60)
    with running_gateway(engine.url, tmp_path, **SETTINGS) as second:
        me.url = second.url
        answer = me.turns(asked["conversation"])[1]
    assert answer["state"] == "stopped"
    assert answer["text"].startswith("你 0 1 2 3")


def test_while_the_database_is_locked_answers_come_and_what_was_not_kept_is_counted(
    engine: Running, tmp_path: Path
) -> None:
    with running_gateway(engine.url, tmp_path, **SETTINGS) as gateway:
        wait_for(gateway.url + "/readyz")
        me = Visitor(gateway.url)
        with contextlib.closing(
            sqlite3.connect(tmp_path / "sightdesk.db", isolation_level=None)
        ) as locker:
            locker.execute("BEGIN IMMEDIATE")
            answer = me.begin("13812345678")
            assert [
                event["choices"][0]["delta"]["content"]
                for event in events(answer)
                if event.get("choices")
            ] == [
                "你",
                "!",
            ]
            refused = me.call("PATCH", "/api/conversations/x", json={"title": "x"})
            assert code(refused) == (503, "upstream_unavailable")
            assert int(refused.headers["retry-after"]) >= 1
            assert me.get("/api/conversations")["data"] == []
            assert me.get("/api/config")["history"] == "local"
        until(lambda: me.get("/api/config")["history"] == "server")
        log = gateway.log.read_text()
        assert '"question_not_kept"' in log
        assert "13812345678" not in log
        assert metric(gateway, "sightdesk_store_errors_total") >= 2
        # Questions do not wait for a store that has just failed; soon they are kept again.
        until(
            lambda: (
                (asked := me.ask("again"))["turn"]
                and me.turns(asked["conversation"])[1]["state"] == "done"
            )
        )


def test_an_answer_that_ends_while_the_database_is_locked_is_kept_later(
    engine: Running, tmp_path: Path
) -> None:
    with running_gateway(engine.url, tmp_path, **SETTINGS) as gateway:
        wait_for(gateway.url + "/readyz")
        me = Visitor(gateway.url)
        running = me.begin("endless")
        asked = began(running)
        with contextlib.closing(
            sqlite3.connect(tmp_path / "sightdesk.db", isolation_level=None)
        ) as locker:
            locker.execute("BEGIN IMMEDIATE")
            assert me.call("POST", f"/api/chat/{asked['answer']}/stop").status_code == 204
            assert me.turns(asked["conversation"])[1]["state"] == "writing"
        until(lambda: me.turns(asked["conversation"])[1]["state"] == "stopped")
        running.close()


def test_a_disk_that_takes_no_more_is_noticed_and_so_is_its_room(
    engine: Running, tmp_path: Path
) -> None:
    with running_gateway(engine.url, tmp_path, **SETTINGS) as gateway:
        wait_for(gateway.url + "/readyz")
        me = Visitor(gateway.url)
        asked = me.ask("before")
        _, hard = resource.prlimit(
            gateway.process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY)
        )
        assert me.ask("between", asked["conversation"])["turn"] is None
        time.sleep(REST_SECONDS)  # what has just failed is not asked
        assert me.get("/api/config")["history"] == "local"
        assert me.ask("between", asked["conversation"])["turn"] is None
        refused = me.call("POST", "/api/files", files={"file": ("a.png", encoded("PNG"))})
        assert code(refused) == (503, "upstream_unavailable")
        resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        until(lambda: me.get("/api/config")["history"] == "server", 20)
        until(lambda: me.ask("after", asked["conversation"])["turn"])
        assert [turn["text"] for turn in me.turns(asked["conversation"])][:3] == [
            "before",
            "你!",
            "after",
        ]


def test_a_database_file_that_is_deleted_is_made_again(engine: Running, tmp_path: Path) -> None:
    with running_gateway(engine.url, tmp_path, **SETTINGS) as gateway:
        wait_for(gateway.url + "/readyz")
        me = Visitor(gateway.url)
        me.ask("before")
        for file in tmp_path.glob("sightdesk.db*"):
            file.unlink()
        asked = me.ask("after")
        assert asked["turn"]
        assert [turn["text"] for turn in me.turns(asked["conversation"])] == ["after", "你!"]
        assert (tmp_path / "sightdesk.db").exists()
        assert '"database_file_replaced"' in gateway.log.read_text()


def test_a_postgresql_that_goes_away_takes_the_history_and_not_the_answers(
    engine: Running, tmp_path: Path
) -> None:
    with (
        running_postgres() as postgres,
        running_gateway(engine.url, tmp_path, **SETTINGS, DATABASE_URL=postgres.url()) as gateway,
    ):
        wait_for(gateway.url + "/readyz")
        me = Visitor(gateway.url)
        asked = me.ask("before")
        postgres.control("-m", "immediate", "stop")
        assert (
            "".join(
                event["choices"][0]["delta"]["content"]
                for event in events(me.begin("between"))
                if event.get("choices")
            )
            == "你!"
        )
        assert code(me.call("GET", "/api/conversations")) == (503, "upstream_unavailable")
        postgres.start()
        until(lambda: me.ask("after", asked["conversation"])["turn"])
        assert [turn["text"] for turn in me.turns(asked["conversation"])] == [
            "before",
            "你!",
            "after",
            "你!",
        ]


@pytest.mark.parametrize("url",
                         ["mysql://desk:hidden-word@host/x",
                          "postgresql://desk:hidden-word@127.0.0.1:1/x",
                          "sqlite:////proc/none/x.db"])  # fmt: skip
def test_a_broken_database_url_stops_the_start_with_one_line(url: str, tmp_path: Path) -> None:
    environ = {
        "DATABASE_URL": url,
        "DATA_DIR": str(tmp_path),
        "PORT": str(free_port()),
        "PATH": "/usr/bin:/bin",
    }
    ended = subprocess.run(
        [sys.executable, "-m", "gateway"], env=environ, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1
    assert ended.stderr.startswith("gateway: DATABASE_URL=(hidden): ")
    assert "hidden-word" not in ended.stderr

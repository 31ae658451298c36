"""Figures of random conversations, against plain Python over the export, on both databases."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine, event

from gateway.errors import InvalidRequest
from gateway.reports.day_tallies import DayTallies
from gateway.reports.exchanges import Filters
from gateway.reports.export_lines import ExportLines
from gateway.reports.figures import Figures
from gateway.reports.period import Period, period_of
from gateway.storage.database import Database
from gateway.storage.turns import now
from tests.support.random_records import RandomRecords, store

DAY = 86_400_000
ENDED_AT = (now() // DAY) * DAY  # midnight: the newest answers are younger than 24 hours
START = ENDED_AT - 20 * DAY


def period(first_day: int = 0, days: int = 25, zone: str = "UTC") -> Period:
    start = START + first_day * DAY
    return period_of(str(start // 1000), str((start + days * DAY) // 1000), zone, now())


@pytest.fixture(params=["counted", "kept"])
def filled(database: Database, request: pytest.FixtureRequest) -> Database:
    """Days that are over have their tallies, or all is counted."""
    store(database, RandomRecords(seed=7, conversations=400, start=START, span=20 * DAY))
    if request.param == "kept":
        tallies = DayTallies(database)
        for day in tallies.missing(now()):
            tallies.keep(day, now())
    return database


def exported(database: Database, span: Period) -> dict[str, list[dict[str, Any]]]:
    lines = ExportLines(database, lambda owner: owner, lambda action: vars_of(action))
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in b"".join(lines.json_lines(span, Filters())).splitlines():
        one = orjson.loads(line)
        found[one["object"]].append(one)
    return found


def vars_of(action: Any) -> dict[str, Any]:
    return {
        "object": "action",
        "connector": action.connector,
        "status": action.status,
        "decided_by": None,
    }


def day_of(line: dict[str, Any]) -> str:
    return datetime.fromtimestamp(line["created_at"], UTC).date().isoformat()


def times(values: Iterator[int | None]) -> dict[str, Any]:
    """Mean and nearest-rank percentiles of a sorted list."""
    known = sorted(value for value in values if value is not None)
    if not known:
        return {"count": 0, "mean": None, "p50": None, "p90": None, "p95": None, "p99": None}
    return {
        "count": len(known),
        "mean": round(sum(known) / len(known), 1),
        **{f"p{one}": known[-(-one * len(known) // 100) - 1] for one in (50, 90, 95, 99)},
    }


def of_handoffs(lines: list[dict[str, Any]]) -> dict[str, Any]:
    resolved = [one for one in lines if one["status"] == "resolved"]
    return {
        "requested": len(lines),
        "claimed": sum(one["waiting_s"] is not None for one in lines),
        "missed": sum(one["missed"] for one in lines),
        "resolved": len(resolved),
        "solved": sum(one["outcome"] == "solved" for one in resolved),
        "unsolved": sum(one["outcome"] == "unsolved" for one in resolved),
        "waiting_s": times(one["waiting_s"] for one in lines),
        "handling_s": times(one["handling_s"] for one in resolved),
    }


def recomputed(lines: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """The figures by docs/records.md, from the lines of an export alone."""
    exchanges = lines["exchange"]
    answered = [one for one in exchanges if one["answer"]]
    answers = [one["answer"] for one in answered]
    outcomes = Counter(one["outcome"] for one in answers)
    subjects = Counter((one["subject_kind"], one["subject"]) for one in answers)
    assumed = [
        one
        for one in answered
        if one["answer"]["outcome"] == "answered"
        and one["answer"]["subject_kind"] in ("clause", "tool")
        and not (one["rating"] or one["handed_over"] or one["returned"])
    ]
    over = [one for one in assumed if 1000 * one["created_at"] < now() - DAY]
    up = sum(one["rating"] == "up" for one in answered)
    solved = of_handoffs(lines["handoff"])["solved"]
    resolved = up + solved + len(over)
    return {
        "conversations": len(lines["conversation"]),
        "questions": sum(one["question"] is not None for one in exchanges),
        "answers": len(answers),
        "staff_messages": len(lines["message"]),
        "outcomes": {
            name: outcomes[name]
            for name in ("answered", "clarify", "no_clause", "smalltalk", "handoff")
        },
        "states": {
            name: sum(one["state"] == name for one in answers)
            for name in ("done", "stopped", "failed", "writing")
        },
        "degraded": sum(one["degraded"] for one in answers),
        "tokens": {
            "prompt": sum(one["prompt_tokens"] or 0 for one in answers),
            "completion": sum(one["completion_tokens"] or 0 for one in answers),
        },
        "without_subject": subjects.pop((None, None), 0),
        "subjects": [
            {"kind": kind, "subject": name, "questions": count}
            for (kind, name), count in sorted(
                subjects.items(), key=lambda item: (-item[1], item[0])
            )
        ][:50],
        "first_token_ms": times(one["first_token_ms"] for one in answers if one["state"] == "done"),
        "answer_ms": times(one["duration_ms"] for one in answers if one["state"] == "done"),
        "handoffs": {
            **of_handoffs(lines["handoff"]),
            "by_reason": [
                {
                    "reason": reason,
                    **of_handoffs([one for one in lines["handoff"] if one["reason"] == reason]),
                }
                for reason in sorted({one["reason"] for one in lines["handoff"]})
            ],
        },
        "resolution": {
            "confirmed": up + solved,
            "thumbs_up": up,
            "solved": solved,
            "assumed": len(over),
            "pending": len(assumed) - len(over),
            "resolved": resolved,
            "minutes_saved": 3,
            "hours_saved": round(resolved * 3 / 60, 2),
        },
    }


@pytest.mark.parametrize(("first_day", "days"), [(0, 25), (3, 9), (15, 2)])
def test_every_figure_can_be_recomputed_from_the_export(
    filled: Database, first_day: int, days: int
) -> None:
    span = period(first_day, days)
    told = Figures(filled, 3).read(span).figures
    lines = exported(filled, span)
    expected = recomputed(lines)
    assert {name: told[name] for name in expected} == expected
    assert told["without_clause"] == {"questions": expected["outcomes"]["no_clause"]}
    ratings = Counter(one["rating"] for one in lines["exchange"] if one["rating"])
    reasons = Counter((one["rating"], one["reason"]) for one in lines["exchange"] if one["reason"])
    assert (told["ratings"]["up"], told["ratings"]["down"]) == (ratings["up"], ratings["down"])
    assert reasons == {
        (one["rating"], one["reason"]): one["count"] for one in told["ratings"]["reasons"]
    }
    actions = Counter(one["status"] for one in lines["action"])
    assert told["actions"]["by_status"] == actions
    connectors = Counter(one["connector"] for one in lines["action"])
    assert {
        one["connector"]: one["proposed"] for one in told["actions"]["by_connector"]
    } == connectors


def test_days_and_hours_add_up_to_the_whole(filled: Database) -> None:
    span = period(0, 25)
    told = Figures(filled, 2).read(span).figures
    lines = exported(filled, span)["exchange"]
    asked = Counter(day_of(one) for one in lines)
    assert {one["date"]: one["questions"] for one in told["by_day"] if one["questions"]} == asked
    assert len(told["by_day"]) == 25
    hours = Counter(datetime.fromtimestamp(one["created_at"], UTC).hour for one in lines)
    assert {one["hour"]: one["questions"] for one in told["by_hour"] if one["questions"]} == hours
    for name in ("questions", "answers"):
        assert sum(one[name] for one in told["by_day"]) == told[name]
        assert sum(one[name] for one in told["by_hour"]) == told[name]
    for name in ("up", "down"):
        assert sum(one[name] for one in told["by_day"]) == told["ratings"][name]
    assert sum(one["handoffs"] for one in told["by_day"]) == told["handoffs"]["requested"]


@pytest.mark.parametrize(
    ("zone", "hours"), [("Asia/Shanghai", 8), ("America/New_York", -5), ("Asia/Kathmandu", 5.75)]
)
def test_a_question_counts_on_the_day_and_hour_of_the_zone(
    database: Database, zone: str, hours: float
) -> None:
    store(database, RandomRecords(seed=3, conversations=60, start=START, span=DAY))
    # No part of the world changes its clock in January.
    moved = 1_767_225_600_000 - START
    with database.connected() as connection:
        connection.exec_driver_sql(f"UPDATE turns SET created_at = created_at + {moved}")
    span = Period(START + moved - DAY, START + moved + 10 * DAY, period(zone=zone).zone)
    told = Figures(database, 2).read(span).figures
    local = Counter(
        datetime.fromtimestamp(one["created_at"] + 3600 * hours, UTC).strftime("%Y-%m-%d")
        for one in exported(database, span)["exchange"]
    )
    assert {one["date"]: one["questions"] for one in told["by_day"] if one["questions"]} == local


def test_an_empty_desk_has_figures_too(database: Database) -> None:
    told = Figures(database, 2).read(period())
    assert told.figures["questions"] == 0
    assert told.figures["resolution"]["hours_saved"] == 0
    assert told.figures["first_token_ms"]["p95"] is None
    assert told.unanswered == []


def test_no_figure_reads_the_rows_of_answers(filled: Database) -> None:
    """On SQLite, whose plans have a stable form: answers are read from two indexes alone."""
    if not filled.is_sqlite:
        pytest.skip("PostgreSQL chooses by what a table holds")
    statements: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        statements.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        Figures(filled, 2).read(period(-100, 200))
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    plans: list[str] = []
    with filled.reading() as session:
        connection = session.connection()
        for statement, parameters in statements:
            if statement.startswith("SELECT") and "substr" not in statement:  # texts are rows
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                plans += [str(row[-1]) for row in rows]
    of_turns = [plan for plan in plans if re.search(r"\bturns\b", plan)]
    assert len(of_turns) >= 6
    assert [plan for plan in of_turns if "COVERING INDEX" not in plan] == [], plans


def test_a_period_may_begin_and_end_at_any_time(database: Database) -> None:
    figures = Figures(database, 3)
    for zone in ("UTC", "Pacific/Kiritimati", "Pacific/Niue"):
        for start, end in (
            ("0", str(2**40)),
            ("0", "9" * 30),
            ("253339142400", "253402300799"),
            ("9997-12-30", "9999-12-31T23:59:59"),
            ("0001-01-02", "1970-01-02"),
        ):
            told = figures.read(period_of(start, end, zone, now())).figures
            assert not any(day["questions"] for day in told["by_day"])


@pytest.mark.parametrize("end", ["9999-12-31", "99999-01-01", "1e99"])
def test_a_date_that_does_not_exist_is_refused(end: str) -> None:
    with pytest.raises(InvalidRequest):
        period_of("0", end, "", now())

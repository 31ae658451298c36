"""docs/operations.md: its alerts exist, and a test tries each row of the troubleshooting table.
Its Chinese twin has the same rows with the same codes, commands, alerts and tests."""

import re
from pathlib import Path

import pytest

from gateway import errors
from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")
TWIN = (ROOT / "docs" / "operations.zh-CN.md").read_text("utf-8")
TWIN = TWIN.replace("runbook.zh-CN.md", "runbook.md")
SAME = re.compile(r"`[^`]+`|runbook\.md#\w+")
RULES = ROOT / "deploy" / "monitoring" / "prometheus" / "rules"
# What a row begins with → the test that makes the symptom, or shows that the remedy works.
TRIED = {
    "`cannot listen": "scripts/test_demo.py::test_a_port_in_use_is_one_clear_line",
    "`needs Python": "scripts/test_demo.py::test_without_python_the_first_run_says_what_it_needs",
    "401 `invalid_api_key`": "gateway/throttling/test_rate_limits.py::test_a_wrong_key_is_refused",
    "401 `invalid_token`": "embedding/test_protocol_access.py::"
    "test_an_expired_token_fails_and_a_fresh_one_goes_on",
    "403 `origin_not_allowed`": "gateway/throttling/test_rate_limits.py::"
    "test_a_page_of_another_origin_cannot_ask",
    "403 `ip_not_allowed`": "gateway/throttling/test_rate_limits.py::"
    "test_an_address_that_is_not_allowed_sees_only_health",
    "403 `staff_only`": "gateway/api/test_assistant.py::test_only_staff_may_call_the_desks_routes",
    "everybody has the same address": "nginx/test_routes.py::"
    "test_a_proxy_before_nginx_is_believed_where_it_is_named_and_nowhere_else",
    "413 `image_too_large`": "gateway/api/test_hostile_requests.py::"
    "test_a_hostile_picture_gets_its_answer_in_a_question_and_as_a_file",
    "415 `unsupported": "gateway/media/test_documents.py::"
    "test_a_file_that_is_not_read_is_named_with_what_to_do",
    "400 `context_length": "gateway/api/test_chat.py::"
    "test_the_engines_word_on_a_context_that_is_too_long_arrives",
    "429 `rate_limit_exceeded`": "gateway/throttling/test_rate_limits.py::"
    "test_a_key_over_its_limit_is_told_when_to_come_back",
    "429 `queue_full` |": "gateway/throttling/test_admission_live.py::"
    "test_a_full_queue_answers_at_once_and_a_long_wait_ends",
    '429 `queue_full`, "Upload': "gateway/throttling/test_body_memory.py::"
    "test_one_caller_fills_half_of_the_room_and_others_go_on",
    "502 `upstream_error`": "gateway/upstream/test_faults.py::"
    "test_a_fault_before_the_first_byte_is_an_honest_status",
    "503 `upstream_unavailable`": "gateway/upstream/test_faults.py::"
    "test_an_address_where_nobody_listens_is_a_503_and_an_unknown_host_too",
    "“The AI engine is unavailable”": "browser/test_failures.py::"
    "test_the_banner_says_that_the_embedded_engine_stands_in",
    "a gateway does not start": "gateway/test_settings.py::test_a_wrong_value_is_named_in_one_line",
    "a system is not asked": "scripts/test_doctor.py::"
    "test_the_connectors_folder_of_the_setting_is_looked_at",
    "an action is `unknown`": "gateway/actions/test_worker.py::"
    "test_an_unknown_action_is_settled_by_staff",
    "answers cite nothing": "gateway/knowledge/test_search_report.py::"
    "test_where_no_clause_answers_the_nearest_are_shown_all_the_same",
    "an answer cites the wrong clause": "gateway/api/test_assistant.py::"
    "test_staff_correct_an_answer_for_its_question_and_take_it_back",
    "a picture is not read": "browser/test_judged_answers.py::"
    "test_a_picture_that_cannot_be_read_says_what_to_do",
    "hand-overs are missed at night": "gateway/handoffs/test_queue.py::"
    "test_nothing_is_missed_while_the_desk_is_shut",
}


def test_a_test_tries_each_row_of_the_troubleshooting_table() -> None:
    rows = rows_of("## Troubleshooting")
    assert [row for row in rows if len(trials_of(row)) != 1] == []
    assert len(rows) == len(TRIED)
    for trial in TRIED.values():
        name, _, test = trial.partition("::")
        assert test, f"{trial} is a file: name the test"
        assert re.search(rf"^(?:async )?def {test}\(", text_of(ROOT / "tests" / name), re.M), trial


def test_every_error_code_of_the_table_is_one_of_the_gateways() -> None:
    known = {
        one.code
        for one in vars(errors).values()
        if isinstance(one, type) and issubclass(one, errors.GatewayError)
    }
    named = {
        code
        for row in rows_of("## Troubleshooting")
        for code in re.findall(r"`([a-z]+(?:_[a-z]+)+)`", row.partition(" | ")[0])
    }
    assert len(named) > 10
    assert named - known == set()


def test_every_alert_of_the_table_of_faults_exists() -> None:
    rules = "\n".join(text_of(path) for path in RULES.glob("*.yml"))
    known = set(re.findall(r"alert: (\w+)", rules))
    named = set(re.findall(r"\[(\w+)\]\(runbook\.md#", "\n".join(rows_of("## Faults"))))
    assert len(named) > 10
    assert named - known == set()


@pytest.mark.parametrize(
    ("heading", "chinese"), [("## Faults", "## 故障"), ("## Troubleshooting", "## 故障排除")]
)
def test_the_chinese_table_has_the_same_rows(heading: str, chinese: str) -> None:
    english = [set(SAME.findall(row)) for row in rows_of(heading)]
    twin = [set(SAME.findall(row)) for row in rows_of(chinese, TWIN)]
    assert len(english) > 20
    assert twin == english


def trials_of(row: str) -> list[str]:
    return [start for start in TRIED if row.startswith(start)]


def rows_of(heading: str, page: str = PAGE) -> list[str]:
    """Of the first table below the heading, each without its first bar."""
    section = page.partition(f"{heading}\n")[2].partition("\n## ")[0]
    rows = [line[2:] for line in section.splitlines() if line.startswith("| ")]
    return [row for row in rows[1:] if not row.startswith("---")]


def text_of(path: Path) -> str:
    return path.read_text("utf-8")

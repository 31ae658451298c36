"""A real small language model with the example business: what even such a model keeps.

The model has 0.5 billion parameters and was made for code. What it can do, seen at 24 questions
(tool_questions.json; the right system asked with the right number, of the 20 that need one):

- by itself: 0. It writes the call as text, refuses, or answers "[1]".
- with calls as text repaired: 2. With the reminder of the tools that fit, too: 6. With its refusal
  followed by the one look that fits the number: 13.

So a parcel, an order and an invoice are looked up wherever their number is said or shown, and the
system's own words are told. What it does not do: call a tool that needs no number (the error log),
or go on from the look at an order or invoice to the change. It says nothing false instead.
docs/decisions/022-models-that-call-no-tool.md has more.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.engine.language.test_answers import Desk, Told
from tests.support import language
from tests.support.business import Business, connector_settings, running_business
from tests.support.customers import Said, SdkCustomer
from tests.support.listening import Listening
from tests.support.paths import ROOT
from tests.support.servers import Running, running_gateway, wait_for

pytestmark = [
    pytest.mark.skipif(
        not language.FOLDER.exists(), reason="scripts/language-model could not make the model"
    ),
    pytest.mark.timeout(1800),  # a fixture asks 24 questions; vLLM may have one core for them
]
QUESTIONS = json.loads((ROOT / "tests/engine/language/tool_questions.json").read_text("utf-8"))
PARCEL, PAID = "SF1402857369214", "QH202611240061905"
CALL_AS_TEXT = re.compile(r'"(?:name|arguments|parameters)"\s*:|```|tool_call')
SAID_DONE = re.compile("已经?(?:为您)?取消|has been cancel|is cancel", re.IGNORECASE)
SECONDS = 180


@pytest.fixture(scope="module")
def business() -> Iterator[Business]:
    with running_business() as started:
        yield started


@pytest.fixture(scope="module")
def desk(
    heard: Listening,
    lite: Running,
    business: Business,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Desk]:
    settings = {
        "ENGINE": "cpu",
        "READER_URL": lite.url,
        "READER_TIMEOUT": "60",
        "FALLBACK_ENGINE_URL": lite.url,
        "ENGINE_SEES": "false",
        "STAFF_ANONYMOUS": "true",
        "RATE_LIMIT_IP": "1000/minute",
        **connector_settings(business.url),
    }
    with running_gateway(heard.url, tmp_path_factory.mktemp("data"), **settings) as gateway:
        wait_for(gateway.url + "/readyz")
        yield Desk(gateway.url, heard)


def called(told: Told) -> list[tuple[str, Any]]:
    """The tools that a turn called, each with its arguments."""
    return [
        (one["function"]["name"], json.loads(one["function"]["arguments"]))
        for message in told.prompt
        for one in message.get("tool_calls") or ()
    ]


@pytest.fixture(scope="module")
def answers(desk: Desk) -> list[tuple[list[Any], Told]]:
    """Each question of the table and its answer."""
    return [(asked, desk.ask(asked[1])) for asked in QUESTIONS]


def test_most_numbers_are_looked_up_in_the_right_system(
    answers: list[tuple[list[Any], Told]],
) -> None:
    right = {"tuned": 0, "other": 0}
    for (half, _, tool, arguments), told in answers:
        right[half] += bool(tool) and called(told) == [(tool, arguments)]
    # Seen: 6 and 7 of 10. Without the repair and the reminder it is 0.
    assert right["tuned"] >= 4, right
    assert right["other"] >= 4, right


def test_no_system_is_asked_for_a_number_that_nobody_said(
    answers: list[tuple[list[Any], Told]],
) -> None:
    for (_, question, *_), told in answers:
        for _, arguments in called(told):
            assert all(value in question for value in arguments.values()), told


def test_a_question_about_a_policy_asks_no_system(answers: list[tuple[list[Any], Told]]) -> None:
    assert [called(told) for (_, _, tool, _), told in answers if not tool] == [[]] * 4


def test_no_call_is_read_by_a_person(answers: list[tuple[list[Any], Told]]) -> None:
    assert [told.text for _, told in answers if CALL_AS_TEXT.search(told.text)] == []


def test_what_a_system_says_is_told(answers: list[tuple[list[Any], Told]]) -> None:
    asked = [told for _, told in answers if called(told)]
    assert {told.extras["outcome"] for told in asked} == {"answered"}
    assert all(re.search(r"刚刚|just now", told.text) for told in asked)


def test_nothing_is_changed_and_nothing_is_said_to_be_done(
    answers: list[tuple[list[Any], Told]], business: Business
) -> None:
    assert business.get(f"/orders/{PAID}", user="demo")["can_cancel"] is True
    assert [told.text for _, told in answers if SAID_DONE.search(told.text)] == []


def test_it_makes_up_no_number(desk: Desk) -> None:
    told = desk.ask("Where is my parcel?")
    assert called(told) == []
    assert told.extras["outcome"] in ("clarify", "answered", "no_clause"), told.text


class Patient(SdkCustomer):
    """The OpenAI SDK before a slow engine that answers the same each time."""

    def answer(self) -> Said:
        made = self.client.with_options(timeout=SECONDS).chat.completions
        stream = made.create(
            model="sightdesk",
            messages=self.messages,
            stream=True,
            temperature=0,
            max_tokens=120,
        )
        said = Said()
        for chunk in stream:
            told: dict[str, Any] = chunk.to_dict()
            said.take(told.get("sightdesk") or {})
            said.text += "".join(one.delta.content or "" for one in chunk.choices)
        return said


@pytest.mark.parametrize(
    ("question", "latest", "then", "estimate"),
    [
        ("我的包裹到哪了？", "派送途中", "这个包裹什么时候能到？", "承运商预计 2026-11-23 18:00"),
        (
            "Where is my parcel?",
            "out for delivery",
            "When will the parcel arrive?",
            "2026-11-23 18:00",
        ),
    ],
    ids=["zh", "en"],
)
def test_a_waybills_picture_ends_in_the_scan_and_the_estimate(
    desk: Desk, question: str, latest: str, then: str, estimate: str
) -> None:
    with Patient(desk.url) as customer:
        said = customer.ask(question, "waybill")
        assert said.tools == ["track_parcel"], said
        assert latest in said.text
        later = customer.ask(then)
    assert estimate in later.text, later


@pytest.mark.parametrize(
    ("question", "reason"),
    [("这张发票能换开吗？", "红字"), ("Can this invoice be reissued?", "red-letter")],
    ids=["zh", "en"],
)
def test_an_invoices_picture_ends_in_the_check(desk: Desk, question: str, reason: str) -> None:
    with Patient(desk.url) as customer:
        said = customer.ask(question, "invoice")
    assert said.tools == ["check_invoice"], said
    assert reason in said.text


@pytest.mark.parametrize(
    "question", ["一直登录不上，是什么原因？", "Why can I not sign in?"], ids=["zh", "en"]
)
def test_a_login_that_spins_gets_no_made_up_cause(desk: Desk, question: str) -> None:
    with Patient(desk.url) as customer:
        said = customer.ask(question, "login-spinner")
    assert said.text
    assert not CALL_AS_TEXT.search(said.text)
    assert said.tools in ([], ["error_log"])


@pytest.mark.parametrize(
    "question", [f"帮我取消订单 {PAID}", f"Cancel my order {PAID}."], ids=["zh", "en"]
)
def test_an_order_is_looked_at_and_never_cancelled(
    desk: Desk, business: Business, question: str
) -> None:
    with Patient(desk.url) as customer:
        said = customer.ask(question)
    assert business.get(f"/orders/{PAID}", user="demo")["can_cancel"] is True
    assert said.tools == ["order_status"] or said.actions, said
    assert all(one["by"] == "staff" for one in said.actions)
    assert not SAID_DONE.search(said.text)

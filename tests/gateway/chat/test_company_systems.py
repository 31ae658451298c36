"""A gateway with connectors before a real business system: from the question to the finished
action, on the page, over the API, and after a reload."""

import json
import time
from collections.abc import Iterator
from typing import Any, Self

import pytest
import requests

from tests.support.company import CANCEL, TRACK
from tests.support.servers import Running, running, running_gateway, wait_for, wait_until
from tests.support.tool_loop import call

WAYBILL, ORDER = "SF1402857369214", "QH202611090078126"
SECRET = "company-secret-of-the-tests"
PHONE = "13812345678"


@pytest.fixture(scope="module")
def company() -> Iterator[Running]:
    with running("tests.support.company", {}) as system:
        yield system


@pytest.fixture(scope="module")
def systems(company: Running, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Settings of a gateway that knows the company's systems."""
    folder = tmp_path_factory.mktemp("connectors")
    (folder / "track_parcel.yaml").write_text(TRACK, "utf-8")
    (folder / "cancel_order.yaml").write_text(CANCEL, "utf-8")
    (folder / "broken.yaml").write_text("title: [", "utf-8")
    return {
        "CONNECTORS_DIR": str(folder),
        "CONNECTOR_COMPANY_URL": company.url,
        "CONNECTOR_COMPANY_TOKEN": SECRET,
        "STAFF_ANONYMOUS": "true",
        "API_KEYS": "shop:sk-shop",
    }


@pytest.fixture(scope="module")
def desk(
    engine: Running, systems: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    more = {"ENGINE": "cpu", "READER_URL": "", **systems}
    with running_gateway(engine.url, tmp_path_factory.mktemp("data"), **more) as gateway:
        wait_for(gateway.url + "/readyz")
        yield gateway


@pytest.fixture(scope="module")
def lite_desk(
    lite: Running, systems: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    with running_gateway(lite.url, tmp_path_factory.mktemp("data"), **systems) as gateway:
        wait_for(gateway.url + "/readyz")
        yield gateway


class Customer:
    """A visitor of the page. The engine answers with the rounds that are given."""

    def __init__(self, desk: Running, engine: Running) -> None:
        self.desk, self.engine = desk, engine
        self.session = requests.Session()
        self.session.get(desk.url + "/api/config", timeout=5)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def script(self, *rounds: dict[str, Any]) -> None:
        requests.post(self.engine.url + "/script", json=list(rounds), timeout=5)

    def ask(
        self, text: str, *rounds: dict[str, Any], is_stream: bool = True, **more: Any
    ) -> tuple[str, list[dict[str, Any]]]:
        """(the text, the extras of each event in order)."""
        self.script(*rounds)
        body = {"messages": [{"role": "user", "content": text}], "stream": is_stream, **more}
        answer = self.session.post(self.desk.url + "/api/chat", json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        if not is_stream:
            whole = answer.json()
            return whole["choices"][0]["message"]["content"], [whole["sightdesk"]]
        lines = [line[6:] for line in answer.content.split(b"\n\n") if line.startswith(b"data: ")]
        told = [json.loads(line) for line in lines if line != b"[DONE]"]
        text = "".join(
            one["choices"][0]["delta"].get("content") or "" for one in told if one["choices"]
        )
        return text, [one["sightdesk"] for one in told if "sightdesk" in one]

    def history(self, extras: list[dict[str, Any]]) -> list[dict[str, Any]]:
        conversation = found(extras, "conversation")[0]["id"]
        url = f"{self.desk.url}/api/conversations/{conversation}"
        messages: list[dict[str, Any]] = self.session.get(url, timeout=5).json()["messages"]
        return messages


@pytest.fixture
def lite_customer(lite_desk: Running, engine: Running) -> Iterator[Customer]:
    with Customer(lite_desk, engine) as made:
        yield made


@pytest.fixture
def customer(desk: Running, engine: Running) -> Iterator[Customer]:
    with Customer(desk, engine) as made:
        yield made
        made.script()


def found(extras: list[dict[str, Any]], name: str) -> list[Any]:
    return [one[name] for one in extras if name in one]


def state(company: Running) -> dict[str, Any]:
    told: dict[str, Any] = requests.get(company.url + "/state", timeout=5).json()
    return told


def test_a_read_is_shown_as_it_runs_and_after_a_reload(
    customer: Customer, company: Running
) -> None:
    text, extras = customer.ask(
        f"{WAYBILL} 到哪了",
        {"calls": [call("track_parcel", waybill=WAYBILL)]},
        {"text": "已到杭州转运中心 14:05（查询物流，刚刚）"},
    )
    assert "14:05" in text
    running, done = found(extras, "tool")
    assert (running["status"], done["status"], done["id"]) == ("running", "done", running["id"])
    assert done["result"] == {
        "values": {"status": "运输中", "event": "已到杭州转运中心 14:05"},
        "text": "包裹运输中。已到杭州转运中心 14:05",
    }
    assert state(company)["asked"][-1] == {
        "waybill": WAYBILL,
        "user": "demo",
        "token": f"Bearer {SECRET}",
    }
    answer = customer.history(extras)[-1]
    assert answer["tools"] == [done]
    assert (answer["actions"], answer["notice"]) == ([], None)
    told = requests.get(customer.engine.url + "/state", timeout=5).text
    assert SECRET not in told
    assert SECRET not in text + json.dumps(extras)


def test_a_write_waits_for_the_customer_and_happens_once(
    customer: Customer, company: Running
) -> None:
    text, extras = customer.ask(
        f"取消订单 {ORDER}", {"calls": [call("cancel_order", order=ORDER)]}, {"text": "已取消。"}
    )
    assert text == f"将要取消订单（订单号 {ORDER}）。需要您确认，确认之前不会执行。"
    (confirm,) = found(extras, "confirm")
    action = confirm["action"]
    assert (action["status"], action["arguments"]) == ("proposed", {"order": ORDER})
    assert action["answer"] == found(extras, "answer")[0]["id"]
    assert ORDER not in state(company)["cancelled"]
    url = f"{customer.desk.url}/api/actions/{action['id']}"
    assert requests.post(url + "/confirm", json={}, timeout=5).status_code == 404  # another visitor
    assert customer.session.post(url + "/confirm", json={}, timeout=5).status_code == 200
    wait_until(lambda: customer.session.get(url, timeout=5).json()["status"] == "done", 10)
    assert state(company)["cancelled"][ORDER] == [action["id"]]
    _, answer, notice = customer.history(extras)
    assert [(one["id"], one["status"]) for one in answer["actions"]] == [(action["id"], "done")]
    assert notice["notice"] == {"type": "action", "action": action["id"], "status": "done"}
    assert (notice["offer"], "128.00" in notice["text"]) == (None, True)
    # A question about it is answered from its state.
    conversation = found(extras, "conversation")[0]["id"]
    customer.ask("办好了吗？", {"text": "已经办好。"}, conversation_id=conversation)
    asked = requests.get(customer.engine.url + "/state", timeout=5).json()["bodies"][-1]
    assert "取消订单: 已经办好。" in asked["messages"][-1]["content"]


def test_a_whole_answer_has_all_tools_and_actions(customer: Customer) -> None:
    order = "QH202611090078127"
    text, (extras,) = customer.ask(
        f"{WAYBILL} 到哪了？取消订单 {order}",
        {"calls": [call("track_parcel", waybill=WAYBILL), call("cancel_order", order=order)]},
        is_stream=False,
    )
    assert "需要您确认" in text
    assert [one["status"] for one in extras["tools"]] == ["done"]
    assert extras["tool"] == extras["tools"][-1]
    (action,) = extras["actions"]
    assert extras["confirm"] == {"action": action}


@pytest.mark.parametrize(
    ("waybill", "reason"), [("SF1402857369404", "没有受理"), ("SF1402857369999", "没有及时回应")]
)
def test_a_failing_system_is_named_and_a_person_offered(
    customer: Customer, waybill: str, reason: str
) -> None:
    text, extras = customer.ask(
        f"{waybill} 到哪了", {"calls": [call("track_parcel", waybill=waybill)]}
    )
    assert text.startswith("“查询物流”没有成功")
    assert reason in text
    assert found(extras, "outcome") == ["handoff"]
    assert found(extras, "offer") == [{"reason": "action"}]
    assert customer.history(extras)[-1]["tools"][0]["status"] == "failed"


@pytest.mark.alone
def test_a_reader_that_leaves_for_good_ends_the_systems_call(
    customer: Customer, company: Running
) -> None:
    waybill = "SF1402857368999"
    customer.script({"calls": [call("track_parcel", waybill=waybill)]})
    body: dict[str, Any] = {
        "model": "sightdesk",
        "messages": [{"role": "user", "content": f"{waybill} 到哪了"}],
        "stream": True,
    }
    url = customer.desk.url + "/v1/chat/completions"
    with requests.post(url, json=body, stream=True, timeout=10):
        wait_until(lambda: state(company)["running"] == 1, 5)
    started = time.monotonic()
    wait_until(lambda: state(company)["running"] == 0, 5)
    assert time.monotonic() - started < 0.9  # before the connector's own time-out


def test_a_key_without_a_user_is_offered_no_tool_that_needs_one(customer: Customer) -> None:
    customer.script({"text": "您好"})
    messages = [{"role": "user", "content": f"{WAYBILL} 到哪了"}]
    body: dict[str, Any] = {"model": "sightdesk", "messages": messages}
    headers = {"authorization": "Bearer sk-shop"}
    url = customer.desk.url + "/v1/chat/completions"
    assert requests.post(url, json=body, headers=headers, timeout=10).status_code == 200
    (asked,) = requests.get(customer.engine.url + "/state", timeout=5).json()["bodies"][-1:]
    assert "tools" not in asked


def test_a_clients_tool_may_not_have_a_connectors_name(customer: Customer) -> None:
    tool = {"type": "function", "function": {"name": "track_parcel"}}
    messages = [{"role": "user", "content": "hi"}]
    body: dict[str, Any] = {"messages": messages, "tools": [tool]}
    for path, model in (("/v1/chat/completions", "fake-vl"), ("/api/chat", "sightdesk")):
        answer = customer.session.post(
            customer.desk.url + path, json={"model": model, **body}, timeout=5
        )
        assert answer.status_code == 400, answer.text
        error = answer.json()["error"]
        assert (error["code"], error["param"]) == ("invalid_request", "tools")


def test_personal_data_in_results_is_stored_masked(customer: Customer) -> None:
    waybill = "SF1402857369215"
    text, extras = customer.ask(
        f"{waybill} 到哪了，我的电话 {PHONE}",
        {"calls": [call("track_parcel", waybill=waybill)]},
        {"text": f"已到，会打 {PHONE}"},
    )
    assert PHONE in text
    assert PHONE not in json.dumps(customer.history(extras))


def test_what_is_wrong_with_a_connector_stands_in_readyz(desk: Running) -> None:
    told = requests.get(desk.url + "/readyz", timeout=5).json()["connectors"]
    assert told["tools"] == 2
    assert any("broken.yaml" in problem for problem in told["problems"])


def test_staff_see_whether_each_system_answers(desk: Running) -> None:
    told = requests.get(desk.url + "/api/desk/connectors", timeout=10).json()
    assert {one["name"] for one in told["data"]} == {"track_parcel", "cancel_order"}
    assert any(problem["path"].endswith("broken.yaml") for problem in told["problems"])


def test_lite_asks_the_system_and_says_what_it_told(
    lite_customer: Customer, company: Running
) -> None:
    text, extras = lite_customer.ask(f"我的包裹到哪了？运单号 {WAYBILL}")
    assert text.startswith("包裹运输中。已到杭州转运中心 14:05")
    assert "刚刚" in text
    assert [one["status"] for one in found(extras, "tool")] == ["running", "done"]
    assert found(extras, "outcome") == ["answered"]
    assert found(extras, "grounding")[0]["supported"]
    assert state(company)["asked"][-1]["waybill"] == WAYBILL


def test_lite_proposes_a_write_and_runs_none(lite_customer: Customer, company: Running) -> None:
    order = "QH202611090078128"
    text, extras = lite_customer.ask(f"请帮我取消订单 {order}")
    (confirm,) = found(extras, "confirm")
    assert confirm["action"]["arguments"] == {"order": order}
    assert order in text
    assert "确认" in text
    assert order not in state(company)["cancelled"]


def test_lite_says_honestly_that_a_system_failed(lite_customer: Customer) -> None:
    text, extras = lite_customer.ask("我的包裹到哪了？运单号 SF1402857369999")
    assert [one["status"] for one in found(extras, "tool")] == ["running", "failed"]
    assert "没有" in text
    assert found(extras, "outcome") == ["handoff"]

"""The cookbook's connectors: the gateway's own registry loads each file and calls it.

The systems are fakes that answer in their API's documented form, some behind the relay.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytest_asyncio
import requests
import yaml

from gateway.connectors.folder import ConnectorFolder
from gateway.connectors.tool import Done, Identity, Outcome, Refused, Unsure
from tests.support.connectors import opened, tool_of
from tests.support.paths import ROOT
from tests.support.providers import (
    BASIC,
    BEARER,
    DINGTALK_SECRET,
    FEISHU_SECRET,
    KUAIDI_CUSTOMER,
    KUAIDI_KEY,
    Providers,
    running_providers,
)
from tests.support.servers import running, running_gateway, running_lite, wait_for

FOLDER = ROOT / "examples" / "connectors"
RELAY_TOKEN = "the-relay-of-the-tests"
ACTION = "action-AbCdEfGhIjKlMnOpQrStUv"
MEI = Identity("26", "shop")
MAIL = {"to": "mei@example.com", "subject": "Your invoice", "text": "It is on its way."}
TICKET = {"subject": "Kettle leaks", "text": "It leaks at the lid.", "email": "mei@example.com"}
ONE_LOOP = pytest.mark.asyncio(loop_scope="module")  # a registry is of one event loop
TOLD = {"text": 'A customer waits <at user_id="all">'}


@pytest.fixture(scope="module")
def providers() -> Iterator[Providers]:
    with running_providers() as started:
        yield started


@pytest.fixture(scope="module")
def relay(providers: Providers) -> Iterator[str]:
    settings = {
        "RELAY_TOKEN": RELAY_TOKEN,
        "KUAIDI100_CUSTOMER": KUAIDI_CUSTOMER,
        "KUAIDI100_KEY": KUAIDI_KEY,
        "KUAIDI100_URL": providers.url + "/poll/query.do",
        "KUAIDI100_DETECT_URL": providers.url + "/autonumber/auto",
        "FEISHU_HOOK": providers.url + "/open-apis/bot/v2/hook/bot-1",
        "FEISHU_SECRET": FEISHU_SECRET,
        "DINGTALK_HOOK": f"{providers.url}/robot/send?access_token={BEARER}",
        "DINGTALK_SECRET": DINGTALK_SECRET,
        "SALESFORCE_URL": providers.url,
        "SALESFORCE_CLIENT_ID": "desk",
        "SALESFORCE_CLIENT_SECRET": "hidden",
    }
    with running("examples.connectors.relay", settings) as started:
        yield started.url


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def folder(providers: Providers, relay: str) -> AsyncIterator[ConnectorFolder]:
    async with opened(FOLDER, environ=environ_of(providers.url, relay)) as made:
        yield made


def environ_of(url: str, relay: str) -> dict[str, str]:
    systems = ("SHOP", "SAP", "MAIL", "SMS", "WECOM", "SLACK", "ZENDESK", "POSTGREST")
    return {
        **{f"CONNECTOR_{name}_URL": url for name in systems},
        **{f"CONNECTOR_{name}_BASIC": BASIC for name in ("SHOP", "SAP", "SMS", "ZENDESK")},
        "CONNECTOR_MAIL_KEY": BEARER,
        "CONNECTOR_MAIL_FROM": "Desk <desk@example.com>",
        "CONNECTOR_SMS_FROM": "SightDesk",
        "CONNECTOR_WECOM_KEY": BEARER,
        "CONNECTOR_SLACK_TOKEN": BEARER,
        "CONNECTOR_SLACK_CHANNEL": "C123456",
        "CONNECTOR_POSTGREST_TOKEN": BEARER,
        "CONNECTOR_RELAY_URL": relay,
        "CONNECTOR_RELAY_TOKEN": RELAY_TOKEN,
    }


async def call(
    folder: ConnectorFolder, name: str, arguments: dict[str, Any], who: Identity = MEI
) -> Outcome:
    tool = tool_of(folder, name)
    return await tool.call(arguments, who, ACTION if tool.effect == "write" else "")


class Worked(NamedTuple):
    """A call that is done: what is kept, and how it is said in both languages."""

    name: str
    arguments: dict[str, Any]
    result: dict[str, Any]
    zh: str
    en: str
    who: Identity = MEI


WORKED = (
    Worked(
        "order_status",
        {"order": "727"},
        {"status": "processing", "total": "29.35", "currency": "USD",
         "ordered": "2026-11-22T16:28:02", "articles": ["Woo Album"]},
        "订单 727（Woo Album，29.35 USD）已付款，正在备货。",
        "Order 727 (Woo Album, 29.35 USD) is paid and being packed.",
    ),
    Worked(
        "track_parcel",
        {"waybill": "YT8836201457790"},
        {"carrier": "yuantong", "state": "0", "time": "2026-11-24 09:12:00",
         "scan": "【杭州市】快件已到达杭州转运中心"},
        "包裹 YT8836201457790 在途。最新轨迹：2026-11-24 09:12:00，【杭州市】快件已到达杭州转运中心",
        "Parcel YT8836201457790 is on its way. Latest scan: 2026-11-24 09:12:00, "
        "【杭州市】快件已到达杭州转运中心",
    ),
    Worked(
        "erp_order",
        {"sales_order": "1000013602"},
        {"found": "1", "process": "B", "delivery": "A", "amount": "105.50", "currency": "EUR"},
        "销售订单 1000013602（105.50 EUR）处理中，尚未发货。",
        "Sales order 1000013602 (105.50 EUR) is partly processed and not yet delivered.",
        Identity("1000000067", "shop"),
    ),
    Worked(
        "erp_order",
        {"sales_order": "1"},
        {"found": "0", "process": None, "delivery": None, "amount": None, "currency": None},
        "没有找到您名下的销售订单 1。",
        "There is no sales order 1 of yours.",
        Identity("1000000067", "shop"),
    ),
    Worked(
        "crm_customer",
        {},
        {"name": "Mei Li", "email": "mei@example.com", "city": "Hangzhou"},
        "我们登记的是：Mei Li，邮箱 mei@example.com，Hangzhou。",
        "We have you as Mei Li, mei@example.com, Hangzhou.",
    ),
    Worked(
        "crm_case",
        {"subject": "Kettle leaks", "text": "It leaks at the lid."},
        {"id": "500D000000IqhSL"},
        "已登记，个案编号 500D000000IqhSL。",
        "The case is open; its id is 500D000000IqhSL.",
    ),
    Worked(
        "send_email",
        MAIL,
        {"id": "49a3999c-0"},
        "邮件已交给邮件服务，收件人 mei@example.com。",
        "The mail to mei@example.com was handed to the mail service.",
    ),
    Worked(
        "send_sms",
        {"to": "8613800138000", "text": "您的发票已开出"},
        {"id": "aaaaaaaa-bbbb-cccc-dddd-0123456789ab"},
        "短信已交给运营商。",
        "The message was handed to the carrier.",
    ),
    Worked("wecom_message", TOLD, {"sent": ["ok"]}, "已通知同事。", "The colleagues were told."),
    Worked("feishu_message", TOLD, {"sent": True}, "已通知同事。", "The colleagues were told."),
    Worked("dingtalk_message", TOLD, {"sent": True}, "已通知同事。", "The colleagues were told."),
    Worked(
        "slack_message",
        TOLD,
        {"sent_at": "1503435956.000247"},
        "已通知同事。",
        "The colleagues were told.",
    ),
    Worked(
        "zendesk_ticket",
        TICKET,
        {"number": 35436, "status": "new"},
        "工单 35436 已创建，回复会发到 mei@example.com。",
        "Ticket 35436 is open; replies go to mei@example.com.",
    ),
    Worked(
        "warranty",
        {"serial": "QH-7788"},
        {"product": "Kettle 1.7 l", "ends_on": "2028-05-31"},
        "Kettle 1.7 l（序列号 QH-7788）保修至 2028-05-31。",
        "The warranty of the Kettle 1.7 l with the serial number QH-7788 ends on 2028-05-31.",
    ),
)  # fmt: skip


@pytest.mark.parametrize("case", WORKED, ids=lambda case: f"{case.name}-{case.who.user}")
@ONE_LOOP
async def test_a_connector_of_the_cookbook_works_against_its_documented_api(
    folder: ConnectorFolder, case: Worked
) -> None:
    outcome = await call(folder, case.name, case.arguments, case.who)
    assert outcome == Done(case.result)
    tool = tool_of(folder, case.name)
    assert tool.say(case.arguments, case.result, "zh") == case.zh
    assert tool.say(case.arguments, case.result, "en") == case.en


@ONE_LOOP
async def test_every_file_is_loaded_and_called(folder: ConnectorFolder) -> None:
    files = {path.stem for path in FOLDER.glob("*.yaml")}
    assert folder.problems == []
    assert {tool.name for tool in folder.offered(MEI)} == files
    assert files == {case.name for case in WORKED}


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        # Refused with the system's own words, so an action ends as failed:
        ("warranty", {"serial": "QH-0000"}, "Cannot coerce the result to a single JSON object"),
        ("track_parcel", {"waybill": "YT0000000000000"}, "查询无结果，请隔段时间再查"),
        ("track_parcel", {"waybill": "XX12345678"}, "no carrier has numbers like this one"),
        ("crm_customer", {}, "The requested resource does not exist"),
    ],
)
@ONE_LOOP
async def test_what_a_system_refuses_is_told_in_its_own_words(
    folder: ConnectorFolder, name: str, arguments: dict[str, Any], expected: str
) -> None:
    assert await call(folder, name, arguments, Identity("27", "shop")) == Refused(
        expected, "refused"
    )


@ONE_LOOP
async def test_an_order_of_another_customer_is_not_found(folder: ConnectorFolder) -> None:
    outcome = await call(folder, "order_status", {"order": "727"}, Identity("27", "shop"))
    assert outcome == Refused("nothing was found", "not_found")


@pytest.mark.parametrize(
    ("name", "setting", "arguments"),
    [
        ("wecom_message", "CONNECTOR_WECOM_KEY", TOLD),
        ("slack_message", "CONNECTOR_SLACK_TOKEN", TOLD),
    ],
)
async def test_a_refusal_inside_of_a_200_is_never_taken_for_done(
    providers: Providers, relay: str, name: str, setting: str, arguments: dict[str, Any]
) -> None:
    environ = {**environ_of(providers.url, relay), setting: "another-token"}
    async with opened(FOLDER, environ=environ) as folder:
        assert isinstance(await call(folder, name, arguments), Unsure)


@ONE_LOOP
async def test_the_same_action_sent_again_happens_once(
    folder: ConnectorFolder, providers: Providers
) -> None:
    providers.mails.clear()
    providers.requests.clear()
    for _ in range(2):
        assert await call(folder, "send_email", MAIL) == Done({"id": "49a3999c-0"})
        case = {"subject": "Kettle leaks", "text": "It leaks."}
        assert await call(folder, "crm_case", case) == Done({"id": "500D000000IqhSL"})
    assert len(providers.mails) == 1
    paths = {asked.path for asked in providers.requests if asked.method == "PATCH"}
    assert paths == {f"/services/data/v63.0/sobjects/Case/Desk_Action__c/{ACTION}"}


@ONE_LOOP
async def test_an_expired_token_of_salesforce_is_renewed_once_for_all(
    folder: ConnectorFolder, providers: Providers
) -> None:
    providers.tokens[:] = ["expired"]
    providers.requests.clear()
    outcomes = await asyncio.gather(*(call(folder, "crm_customer", {}) for _ in range(8)))
    assert all(isinstance(outcome, Done) for outcome in outcomes)
    asked = [one.path for one in providers.requests]
    assert asked.count("/services/oauth2/token") == 1


@ONE_LOOP
async def test_a_customers_words_cannot_mention_everybody(
    folder: ConnectorFolder, providers: Providers
) -> None:
    await call(folder, "feishu_message", TOLD)
    assert providers.last().body["content"]["text"] == 'A customer waits ＜at user_id="all"＞'
    await call(folder, "slack_message", TOLD)
    assert TOLD["text"] not in providers.last().body["text"]


def test_a_customers_question_reaches_the_carrier_and_comes_back(
    providers: Providers, relay: str, tmp_path: Path
) -> None:
    """A whole desk with `lite`: the folder, the relay, and an answer for the customer."""
    settings = {"CONNECTORS_DIR": str(FOLDER), **environ_of(providers.url, relay)}
    with (
        running_lite() as lite,
        running_gateway(lite.url, tmp_path, **settings) as gateway,
    ):
        wait_for(gateway.url + "/readyz")
        answer = requests.post(
            gateway.url + "/v1/chat/completions",
            json={
                "model": "sightdesk",
                "messages": [{"role": "user", "content": "快递 YT8836201457790 到哪里了？"}],
            },
            timeout=60,
        ).json()
    assert "快件已到达杭州转运中心" in answer["choices"][0]["message"]["content"]
    assert answer["sightdesk"]["outcome"] == "answered"


def test_the_relay_answers_nobody_without_its_token(relay: str) -> None:
    for header in ({}, {"authorization": "Bearer wrong"}):
        answer = requests.get(f"{relay}/kuaidi100/YT8836201457790", headers=header, timeout=10)
        assert answer.status_code == 401
    known = {"authorization": f"Bearer {RELAY_TOKEN}"}
    for path in ("/", "/salesforce/services/oauth2/token", "/dingtalk"):
        assert requests.get(relay + path, headers=known, timeout=10).status_code == 404


def test_the_relay_says_which_setting_it_lacks() -> None:
    with running("examples.connectors.relay", {"RELAY_TOKEN": RELAY_TOKEN}) as bare:
        answer = requests.post(
            bare.url + "/feishu",
            json={"text": "x"},
            headers={"authorization": f"Bearer {RELAY_TOKEN}"},
            timeout=10,
        )
    assert (answer.status_code, answer.json()) == (
        403,
        {"message": "the relay has no FEISHU_SECRET"},
    )


async def test_a_provider_that_is_gone_leaves_a_write_unsure(providers: Providers) -> None:
    gone = {
        "RELAY_TOKEN": RELAY_TOKEN,
        "FEISHU_HOOK": "http://127.0.0.1:9/hook",
        "FEISHU_SECRET": FEISHU_SECRET,
    }
    with running("examples.connectors.relay", gone) as relay:
        async with opened(FOLDER, environ=environ_of(providers.url, relay.url)) as folder:
            outcome = await call(folder, "feishu_message", TOLD)
    assert outcome == Unsure("the system failed (HTTP 502)", "server_error")


def test_the_relay_in_docker_is_in_the_connectors_network_and_one_of_its_own() -> None:
    relay = yaml.safe_load((FOLDER / "relay" / "compose.yml").read_text("utf-8"))["services"][
        "relay"
    ]
    assert relay["networks"] == ["connectors", "relay-outside"]
    assert relay["cap_drop"] == ["ALL"]
    assert "ports" not in relay

"""The ticket system of examples/ticket-desk, from the click to the note, with a real desk."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import requests
from playwright.sync_api import FrameLocator, Page, expect

from tests.embedding.kit import axe_finds_nothing, hosting
from tests.support.chromium import Axe
from tests.support.servers import Running

ANSWER_MS = 60_000


def ask_ai(page: Page, origin: str, ticket: int) -> FrameLocator:
    page.goto(f"{origin}/#{ticket}")
    page.get_by_role("button", name="转AI").click()
    desk = page.frame_locator("#frame iframe")
    expect(desk.locator(".turn.assistant .chip").last).to_be_visible(timeout=ANSWER_MS)
    return desk


def test_the_customers_words_and_screenshot_go_in_and_the_answer_comes_back_as_a_note(
    page: Page, tickets: str
) -> None:
    refused: list[str] = []
    page.on(
        "console",
        lambda line: refused.append(line.text) if "Content Security Policy" in line.text else None,
    )
    desk = ask_ai(page, tickets, 1041)
    turns = desk.locator(".turn.user")
    expect(turns).to_have_count(2)  # what the customer wrote before, and the question
    expect(turns.first).to_contain_text("重启过路由器")
    expect(turns.last.locator("img")).to_have_count(1)
    desk.get_by_role("button", name="插入工单").last.click()
    note = page.locator(".note.by-ai")
    expect(note.locator(".text")).to_contain_text("ERR_CONNECTION_TIMED_OUT")
    expect(note.locator("dl")).to_contain_text("错误代码")
    expect(note.locator(".citations li").first).to_contain_text("1.1")
    # It is in the ticket system's own database, and there after a reload.
    kept = requests.get(f"{tickets}/api/tickets/1041", timeout=5).json()["notes"]
    assert kept[0]["citations"][0]["id"] == "zh-CN/app-troubleshooting#1.1"
    page.reload()
    expect(page.locator(".note.by-ai")).to_have_count(1)
    assert refused == []


def test_an_answer_goes_into_the_ticket_it_was_asked_for(page: Page, tickets: str) -> None:
    desk = ask_ai(page, tickets, 1042)
    page.locator("[data-ticket='1039']").click()
    expect(page.locator("#ai")).to_be_hidden()  # nothing was asked for this one
    page.locator("[data-ticket='1042']").click()
    page.get_by_role("button", name="转AI").click()
    expect(desk.locator(".turn.assistant .chip").last).to_be_visible(timeout=ANSWER_MS)
    desk.get_by_role("button", name="插入工单").last.click()
    expect(page.locator(".note.by-ai")).to_have_count(1)
    counts = [
        len(requests.get(f"{tickets}/api/tickets/{id}", timeout=5).json()["notes"])
        for id in (1042, 1039)
    ]
    assert counts == [1, 0]


def test_after_a_reload_an_earlier_conversation_still_goes_into_its_own_ticket(
    page: Page, tickets: str
) -> None:
    ask_ai(page, tickets, 1042)
    page.goto(tickets + "/")  # another address, so that the next is no mere change of its hash
    desk = ask_ai(page, tickets, 1039)
    desk.locator("#menu").click()
    desk.locator(
        "#history .past"
    ).last.click()  # what was asked for 1042, out of the desk's own history
    expect(desk.locator(".turn.user").last).to_contain_text("这是什么错误")
    desk.get_by_role("button", name="插入工单").last.click()
    expect(page.locator("#toast")).to_contain_text("#1042")
    counts = [
        len(requests.get(f"{tickets}/api/tickets/{id}", timeout=5).json()["notes"])
        for id in (1042, 1039)
    ]
    assert counts == [1, 0]


def test_what_cannot_go_into_a_ticket_is_told_on_both_sides(
    page: Page, tickets: str, tmp_path: Path
) -> None:
    desk = ask_ai(page, tickets, 1041)
    with closing(sqlite3.connect(tmp_path / "tickets.db")) as db, db:
        db.execute("delete from conversations")
    desk.get_by_role("button", name="插入工单").last.click()
    expect(page.locator("#toast")).to_contain_text("belongs to no ticket")
    expect(desk.locator("#toast")).to_have_text(
        "没有写入工单：This conversation belongs to no ticket."
    )
    assert requests.get(f"{tickets}/api/tickets/1041", timeout=5).json()["notes"] == []


def test_a_conversation_keeps_the_ticket_it_was_begun_for(tickets: str) -> None:
    for ticket in (1041, 1042):
        begun = requests.post(
            f"{tickets}/api/tickets/{ticket}/conversations", json={"conversation": "c"}, timeout=5
        )
        assert begun.status_code == 201
    note = {"text": "a", "citations": [], "fields": []}
    assert (
        requests.post(f"{tickets}/api/conversations/c/notes", json=note, timeout=5).json()["id"]
        == 1041
    )
    assert (
        requests.post(f"{tickets}/api/conversations/d/notes", json=note, timeout=5).status_code
        == 404
    )


def test_a_note_that_cannot_be_kept_is_told_and_stays_in_its_field(
    page: Page, tickets: str
) -> None:
    page.goto(f"{tickets}/#1041")
    page.locator("#note").fill("x" * 1_100_000)  # more than the server takes
    page.get_by_role("button", name="添加备注").click()
    expect(page.locator("#toast")).to_contain_text("没有写入工单")
    assert len(page.locator("#note").input_value()) == 1_100_000


def test_without_the_desk_the_agent_is_told_and_can_try_again(
    page: Page, gateway: Running, tmp_path: Path
) -> None:
    settings = {"TICKETS": str(tmp_path / "tickets.db"), "SIGHTDESK_API_KEY": "sk-wrong"}
    with hosting(gateway, "examples.ticket-desk.server", **settings) as origin:
        page.goto(origin + "/#1041")
        page.get_by_role("button", name="转AI").click()
        expect(page.locator("#problem")).to_contain_text("invalid_api_key")
        expect(page.get_by_role("button", name="转AI")).to_be_enabled()


def test_the_ticket_system_minds_its_own_business(tickets: str) -> None:
    path = f"{tickets}/api/tickets/1041/notes"
    assert (
        requests.post(
            path, json={"text": "a"}, headers={"origin": "https://evil.example"}, timeout=5
        ).status_code
        == 403
    )
    assert requests.post(path, data="text=a", timeout=5).status_code == 415
    assert requests.post(path, json={"text": " "}, timeout=5).status_code == 400
    assert requests.get(f"{tickets}/../server.py", timeout=5).status_code == 404
    rebound = {"host": "evil.example"}
    assert (
        requests.post(
            f"{tickets}/api/sightdesk-token", json={}, headers=rebound, timeout=5
        ).status_code
        == 421
    )


@pytest.mark.parametrize("width", [1366, 390])
def test_axe_finds_nothing_from_the_queue_to_the_note(
    page: Page, tickets: str, axe: Axe, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{tickets}/#1042")
    expect(page.locator(".message")).to_have_count(3)
    axe_finds_nothing(page, axe)
    desk = ask_ai(page, tickets, 1042)
    desk.get_by_role("button", name="插入工单").last.click()
    expect(page.locator("#toast")).to_contain_text("#1042")
    axe_finds_nothing(page, axe)
    page.locator("#close-ai").click()
    axe_finds_nothing(page, axe)
    page.locator("#language").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    axe_finds_nothing(page, axe)


def test_axe_finds_nothing_where_there_is_no_desk(
    page: Page, gateway: Running, tmp_path: Path, axe: Axe
) -> None:
    settings = {"TICKETS": str(tmp_path / "tickets.db"), "SIGHTDESK_API_KEY": "sk-wrong"}
    with hosting(gateway, "examples.ticket-desk.server", **settings) as origin:
        page.goto(origin + "/#1041")
        page.get_by_role("button", name="转AI").click()
        expect(page.locator("#problem")).to_contain_text("invalid_api_key")
        axe_finds_nothing(page, axe)

"""A customer and staff, each in a browser, behind nginx: a hand-over from its wish to its end."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import slowly_answered
from tests.browser.kit import Open, Site, ask, send


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with slowly_answered(tmp_path_factory.mktemp("people")) as served:
        yield served


def hand_over(customer: Page, note: str) -> str:
    """Asks for a person with a note. Returns the number as the thread shows it."""
    customer.locator(".turn.assistant .handoff").last.click()
    customer.locator("dialog textarea").fill(note)
    customer.locator("dialog button[type=submit].primary").click()
    number = customer.locator(".turn.handoff .number").first
    expect(number).to_be_visible()
    return "".join(filter(str.isdigit, number.inner_text()))


def row_of(staff: Page, number: str) -> Locator:
    return staff.locator(".queue .rows a", has=staff.get_by_text(f"#{number}", exact=True))


def claim(staff: Page, number: str) -> None:
    row_of(staff, number).click()
    step(staff, "claim").click()
    expect(staff.locator("form.reply")).to_be_visible()


def step(staff: Page, name: str) -> Locator:
    return staff.locator(f".case-head button[data-step={name}]")


def say(staff: Page, words: str) -> None:
    staff.fill("form.reply textarea", words)
    staff.press("form.reply textarea", "Enter")
    expect(staff.locator(".said .words", has_text=words)).to_be_visible()


def resolve(staff: Page) -> None:
    step(staff, "resolve").click()
    staff.locator("dialog button[type=submit]").last.click()
    expect(step(staff, "resolve")).to_be_hidden()


WORDS = {
    "zh-CN": ("我要退货", "在吗？", "您好，我是小李。", "好的，谢谢", "接入", "人工服务已结束"),
    "en": ("I want a refund", "Hello?", "Hi, this is Li.", "Thank you", "joined", "has ended"),
}


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_a_person_takes_over_answers_and_gives_back(opened: Open, site: Site, locale: str) -> None:
    question, more, reply, thanks, joined, ended = WORDS[locale]
    staff = opened(site, "li", locale)
    customer = opened(site, "agent", locale)
    ask(customer, question)
    number = hand_over(customer, "<img src=x onerror=alert(1)>")
    expect(row_of(staff, number)).to_be_visible()  # live
    claim(staff, number)
    expect(staff.locator(".beside")).to_contain_text("<img src=x onerror=alert(1)>")
    expect(customer.locator(".turn.handoff").last).to_contain_text(joined)
    answers = customer.locator(".turn.assistant").count()
    send(customer, more)
    expect(staff.locator(".said .words", has_text=more)).to_be_visible()
    say(staff, reply)
    message = customer.locator(".turn.staff").last
    expect(message).to_contain_text(reply)
    expect(message.locator(".name")).to_have_text("li")
    send(customer, thanks)
    expect(staff.locator(".said .words", has_text=thanks)).to_be_visible()
    assert customer.locator(".turn.assistant").count() == answers, "the assistant answered"
    customer.reload()
    expect(customer.locator(".turn.staff")).to_have_count(1)
    expect(customer.locator(".turn.user")).to_have_count(3)
    resolve(staff)
    expect(customer.locator(".turn.handoff").last).to_contain_text(ended)
    ask(customer, question)  # the assistant speaks again


def test_not_one_word_is_written_after_a_claim(opened: Open, site: Site) -> None:
    staff, customer = opened(site, "li"), opened(site, "agent")
    ask(customer, "第一个问题")
    number = hand_over(customer, "")
    send(customer, "请一直写 endless")
    writing = customer.locator(".turn.assistant .bubble").last
    expect(writing).to_contain_text("20")
    claim(staff, number)
    expect(customer.locator(".turn.handoff").last).to_contain_text("接入")
    said = customer.locator(".thread").inner_text()
    customer.wait_for_timeout(1500)
    assert customer.locator(".thread").inner_text() == said
    say(staff, "我来处理")
    expect(customer.locator(".turn").last).to_contain_text("我来处理")


def test_of_two_staff_who_claim_one_has_it_and_the_other_is_told_who(
    opened: Open, site: Site
) -> None:
    customer, slower = opened(site, "agent"), opened(site, "wang")
    ask(customer, "问题")
    number = hand_over(customer, "")

    def claimed_meanwhile(route: Route) -> None:
        done = requests.post(route.request.url, auth=("li", "desk"), timeout=10)
        assert done.status_code == 200
        route.continue_()

    slower.route("**/claim", claimed_meanwhile)
    row_of(slower, number).click()
    step(slower, "claim").click()
    expect(slower.locator(".case")).to_contain_text("li 已经接手了。")
    expect(slower.locator("form.reply")).to_be_hidden()
    expect(customer.locator(".turn.handoff").last).to_contain_text("li 已接入")


def test_what_was_said_while_the_line_was_lost_arrives_once(opened: Open, site: Site) -> None:
    staff, customer = opened(site, "li"), opened(site, "agent")
    ask(customer, "问题")
    number = hand_over(customer, "")
    claim(staff, number)
    expect(customer.locator(".turn.handoff").last).to_contain_text("接入")
    customer.context.set_offline(True)
    say(staff, "断线时说的话")
    customer.context.set_offline(False)
    expect(customer.locator(".turn.staff", has_text="断线时说的话")).to_have_count(
        1, timeout=30_000
    )


def test_staff_who_fall_silent_lose_it_and_both_are_told(opened: Open, tmp_path: Path) -> None:
    hurried = {"HANDOFF_CLAIM_TIMEOUT": "2", "HANDOFF_SILENCE": "2"}
    with slowly_answered(tmp_path, **hurried) as site:
        staff, customer = opened(site, "li"), opened(site, "agent")
        ask(customer, "问题")
        number = hand_over(customer, "")
        expect(customer.locator(".turn.handoff").last).to_contain_text("都在忙", timeout=30_000)
        staff.goto(site.url + "/desk.html#/inbox/missed")
        claim(staff, number)
        expect(customer.locator(".turn.handoff", has_text="li")).to_be_visible()
        expect(customer.locator(".turn.handoff", has_text="重新排队")).to_be_visible(timeout=30_000)
        expect(staff.locator("form.reply")).to_be_hidden()

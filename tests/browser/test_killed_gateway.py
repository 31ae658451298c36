"""The gateway is killed and comes back, as Docker does it: what the page shows meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import slowly_answered
from tests.browser.kit import READING, STAFF, Open, Site, open_page, send
from tests.browser.test_handover import (
    claim,
    hand_over,
    say,
)

BACK = 40_000  # ms: a gateway's start on a busy machine


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site of its own: its gateway dies."""
    with slowly_answered(tmp_path) as served:
        yield served


@contextmanager
def killed_and_started(site: Site) -> Iterator[None]:
    assert site.gateway is not None
    assert site.start is not None
    site.gateway.process.kill()
    site.gateway.process.wait(10)
    with site.start():
        yield


def test_an_answer_that_dies_is_told_kept_and_asked_again(page: Page, site: Site) -> None:
    open_page(page, site)
    send(page, "请写得慢一点 slowly")
    writing = page.locator(".turn.assistant .bubble").last
    expect(writing).to_contain_text("20")
    with killed_and_started(site):
        expect(page.locator(".failure:visible")).to_have_count(1, timeout=BACK)
        expect(page.locator(".turn.user")).to_have_count(1)
        page.locator(".retry:visible").click()
        whole = page.locator(".turn.assistant .bubble").last
        expect(whole).to_contain_text("299", timeout=READING)
        expect(page.locator(".failure:visible")).to_have_count(0)
        page.reload()
        expect(page.locator(".turn.user")).to_have_count(1)
        expect(page.locator(".turn.assistant .bubble").last).to_contain_text("299")


def test_a_question_while_it_is_away_waits_in_the_page(page: Page, site: Site) -> None:
    open_page(page, site)
    assert site.gateway is not None
    site.gateway.process.kill()
    site.gateway.process.wait(10)
    send(page, "多少钱包邮 slowly")
    expect(page.locator(".failure:visible p")).to_be_visible(timeout=READING)
    assert site.start is not None
    with site.start():
        page.locator(".retry:visible").click()
        expect(page.locator(".turn.assistant .bubble").last).to_contain_text("299", timeout=BACK)
        expect(page.locator(".turn.user")).to_have_count(1)


def test_a_hand_over_goes_on_where_it_was(opened: Open, site: Site) -> None:
    staff, customer = opened(site, STAFF[0]), opened(site, "agent")
    send(customer, "第一个问题")
    expect(customer.locator(".turn.assistant .copy").last).to_be_visible(timeout=READING)
    number = hand_over(customer, "")
    claim(staff, number)
    expect(customer.locator(".turn.handoff").last).to_contain_text("接入")
    with killed_and_started(site):
        say(staff, "我来处理")  # as soon as it is back
        expect(customer.locator(".turn.staff").last).to_contain_text("我来处理", timeout=BACK)
        send(customer, "谢谢")
        expect(staff.locator(".said .words", has_text="谢谢")).to_be_visible(timeout=BACK)
        expect(customer.locator(".turn.staff")).to_have_count(1)

"""The staff's views of quality and figures follow what happens, and disturb nobody who works."""

import re
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from gateway.storage.database import attach_database
from gateway.storage.events import record_event
from gateway.storage.models import Feedback, Turn
from tests.browser.desk_kit import open_desk
from tests.browser.test_desk_views import fill
from tests.support.servers import Running, running_gateway

NOTHING_LISTENS = "http://127.0.0.1:9"
DEADLINE = 60_000  # milliseconds; a busy machine draws slowly


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("live")


@pytest.fixture(scope="module")
def desk(data: Path) -> Iterator[Running]:
    more = {"READER_URL": "", "STAFF_ANONYMOUS": "1", "RATE_LIMIT_API": "1000/minute"}
    with running_gateway(NOTHING_LISTENS, data, **more) as gateway:
        fill(data)
        yield gateway


def rate_down(data: Path, reason: str) -> None:
    """A customer rates the newest answer that nobody has rated, as the gateway records it."""
    moment = round(1000 * time.time())
    url = f"sqlite:///{data}/sightdesk.db"
    with closing(attach_database(url)) as database, database.writing() as session:
        wanted = select(Turn).where(
            Turn.is_ungrounded.is_not(None), Turn.number.not_in(select(Feedback.turn_number))
        )
        turn = session.scalars(wanted.order_by(Turn.number.desc()).limit(1)).one()
        rated = {"rating": "down", "reason": reason, "created_at": moment}
        session.add(Feedback(turn_number=turn.number, asked_at=turn.created_at, **rated))
        told = {"conversation_id": turn.conversation_id, "answer": turn.id, "rating": "down"}
        record_event(session, "feedback.given", turn.conversation_id, told)


def test_a_new_rating_appears_by_itself_but_never_under_the_hands_of_a_person(
    page: Page, desk: Running, data: Path
) -> None:
    open_desk(page, desk, "#/quality/down")
    expect(page.locator(".worklist > li").first).to_be_visible()
    rate_down(data, "第一条")
    expect(page.locator(".worklist")).to_contain_text("第一条", timeout=DEADLINE)
    page.get_by_role("button", name="更正回答").first.click()
    page.keyboard.type("正在写的更正")
    rate_down(data, "第二条")
    news = page.get_by_role("button", name="有新内容，点此刷新")
    expect(news).to_be_visible(timeout=DEADLINE)
    expect(page.locator(".editor textarea").first).to_have_value(re.compile("正在写的更正"))
    expect(page.locator(".worklist")).not_to_contain_text("第二条")
    news.click()
    expect(page.locator(".worklist")).to_contain_text("第二条", timeout=DEADLINE)
    expect(news).to_be_hidden()


def test_figures_are_counted_anew_after_a_rating(page: Page, desk: Running, data: Path) -> None:
    open_desk(page, desk, "#/figures")
    name = page.get_by_role("button", name="评价", exact=True)
    ratings = page.locator(".tile").filter(has=name).locator("strong")
    expect(ratings).to_contain_text("/")
    before = ratings.inner_text()
    rate_down(data, "第三条")
    expect(ratings).not_to_have_text(before, timeout=DEADLINE)

"""Lists of the view Quality that come in pages: bad answers and kept corrections."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.servers import Running, running_gateway

NOTHING_LISTENS = "http://127.0.0.1:9"
# Part of the view, the route that it reads, and the parameter that names the last row.
LISTS = [("down", "answers", "before"), ("corrections", "corrections", "after")]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("desk")
    more = {"READER_URL": "", "STAFF_ANONYMOUS": "1"}
    with running_gateway(NOTHING_LISTENS, data, **more) as gateway:
        yield gateway


def row(number: int) -> dict[str, Any]:
    """An answer and a correction at once."""
    return {
        "id": f"row-{number}",
        "created_at": 1_790_000_000,
        "text": f"Answer {number}",
        "question": "",
        "rating": "down",
        "reason": "",
        "unsupported": [],
        "corrections": [],
        "conversation_id": "none",
        "author": "li",
        "questions": [f"Question {number}"],
    }


class Pages:
    """The gateway's pages of two rows each, three in all. `failing`: it answers 500."""

    failing = False

    def __init__(self, page: Page, route: str, parameter: str) -> None:
        self.parameter = parameter
        page.route(re.compile(rf"/api/desk/{route}(\?|$)"), self.answer)

    def answer(self, route: Route) -> None:
        query = parse_qs(urlsplit(route.request.url).query)
        last = int(query.get(self.parameter, ["row-0"])[0].removeprefix("row-"))
        data = [row(number) for number in range(last + 1, min(last + 3, 7))]
        told = {"object": "list", "data": data, "has_more": last < 4}
        status = 500 if self.failing else 200
        route.fulfill(status=status, content_type="application/json", body=json.dumps(told))


@pytest.fixture(params=LISTS, ids=[part for part, *_ in LISTS])
def pages(request: pytest.FixtureRequest, page: Page, desk: Running) -> Pages:
    part, route, parameter = request.param
    made = Pages(page, route, parameter)
    page.goto(f"{desk.url}/desk.html#/quality/{part}")
    expect(page.locator(".worklist > li")).to_have_count(2)
    return made


def test_older_rows_come_page_by_page_until_the_last(page: Page, pages: Pages) -> None:
    older = page.locator(".worklist + button")
    older.click()
    expect(page.locator(".worklist > li")).to_have_count(4)
    older.click()
    rows = page.locator(".worklist > li")
    expect(rows).to_have_count(6)
    for number in range(1, 7):
        expect(rows.nth(number - 1)).to_contain_text(f"Answer {number}")
    expect(older).to_be_hidden()


def test_a_page_that_fails_is_told_and_the_list_is_read_again(page: Page, pages: Pages) -> None:
    pages.failing = True
    page.locator(".worklist + button").click()
    failure = page.locator(".worklist + .failure")
    expect(failure).to_be_visible()
    expect(page.locator(".worklist > li")).to_have_count(2)
    pages.failing = False
    failure.get_by_role("button").click()
    expect(failure).to_have_count(0)
    expect(page.locator(".worklist + button")).to_be_enabled()

"""The adapter of examples/chatwoot, framed by a page that plays Chatwoot's part."""

import base64
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page, expect

from tests.embedding.kit import hosting
from tests.support.chromium import Axe
from tests.support.paths import SCREENS
from tests.support.servers import Running

CONTEXT = {
    "event": "appContext",
    "data": {
        "conversation": {
            "id": 124,
            "meta": {"sender": {"id": 5, "name": "陈女士"}, "channel": "Channel::WebWidget"},
            "messages": [
                {"id": 1, "content": "网站打不开了", "message_type": 0, "private": False},
                {"id": 2, "content": "陈女士加入了会话", "message_type": 2, "private": False},
                {"id": 3, "content": "请发截图", "message_type": 1, "private": False},
                {"id": 4, "content": "这人很急", "message_type": 1, "private": True},
                {
                    "id": 5,
                    "content": "这张图显示了什么错误？我该怎么解决？",
                    "message_type": 0,
                    "private": False,
                    "attachments": [{"id": 9, "file_type": "image", "data_url": "PICTURE"}],
                },
            ],
        },
        "contact": {"id": 5, "name": "陈女士", "email": "chen@example.com"},
        "currentAgent": {"id": 7, "name": "李娜", "email": "li@example.com"},
    },
}
DASHBOARD = """<!doctype html><title>Chatwoot</title>
<iframe src="%s/" style="width: 900px; height: 700px"></iframe><script>
const context = %s;
window.asked = [];
window.addEventListener("message", (event) => {
  if (event.data !== "chatwoot-dashboard-app:fetch-info") return;
  window.asked.push(event.origin);
  event.source.postMessage(JSON.stringify(context), "*");
});
</script>"""


class Chatwoot(BaseHTTPRequestHandler):
    """The dashboard, and the storage where its pictures lie."""

    app = ""

    def do_GET(self) -> None:
        picture = self.path.endswith(".png")
        context = json.dumps(CONTEXT).replace(
            "PICTURE", f"http://{self.headers['host']}/rails/active_storage/error.png"
        )
        data = (
            (SCREENS / "browser-error.png").read_bytes()
            if picture
            else (DASHBOARD % (self.app, context)).encode()
        )
        self.send_response(200)
        self.send_header("Content-Type", "image/png" if picture else "text/html; charset=utf-8")
        self.send_header("Access-Control-Allow-Origin", self.app)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Sides:
    chatwoot: str
    adapter: str


@pytest.fixture(scope="module")
def sides(gateway: Running) -> Iterator[Sides]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Chatwoot) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        chatwoot = f"http://localhost:{server.server_port}"
        with hosting(
            gateway, "examples.host", "examples/chatwoot", PARTNER_ORIGIN=chatwoot
        ) as adapter:
            Chatwoot.app = adapter
            yield Sides(chatwoot, adapter)
        server.shutdown()


def test_the_conversation_is_fetched_and_handed_on(page: Page, sides: Sides) -> None:
    page.goto(sides.chatwoot)
    app = page.frame_locator("iframe")
    expect(app.locator("#state")).to_have_text("#124 · 陈女士")
    assert page.evaluate("asked") == [sides.adapter]
    app.get_by_role("button", name="转AI").click()
    desk = app.frame_locator("iframe")
    expect(desk.locator(".turn.user").last).to_contain_text("什么错误")
    expect(desk.locator(".turn.user").last.locator("img")).to_have_count(1)
    expect(desk.locator(".turn").first).to_contain_text("网站打不开了")
    expect(desk.locator("#thread")).not_to_contain_text("这人很急")  # a private note stays private
    expect(desk.locator("#thread")).not_to_contain_text("加入了会话")
    expect(desk.locator(".turn.assistant").last).to_contain_text(
        "ERR_CONNECTION_TIMED_OUT", timeout=30_000
    )
    expect(desk.locator(".host-user")).to_have_text("李娜")
    desk.get_by_role("button", name="插入工单").last.click()
    expect(app.locator("#words")).to_have_value(re.compile("ERR_CONNECTION_TIMED_OUT"))


def test_another_page_cannot_play_chatwoot(page: Page, sides: Sides) -> None:
    page.goto(sides.chatwoot)
    app = page.frame_locator("iframe")
    expect(app.locator("#state")).to_have_text("#124 · 陈女士")
    forged = json.dumps({**CONTEXT, "data": {**CONTEXT["data"], "contact": {"name": "forged"}}})  # type: ignore[dict-item]  # CONTEXT is JSON
    page.frames[1].evaluate("message => window.postMessage(message, '*')", forged)
    page.frames[1].evaluate("new Promise(resolve => setTimeout(resolve, 200))")
    expect(app.locator("#state")).to_have_text("#124 · 陈女士")


def test_the_picture_travels_as_its_bytes(page: Page, sides: Sides) -> None:
    page.goto(sides.chatwoot)
    with page.expect_request("**/api/files") as upload:
        page.frame_locator("iframe").get_by_role("button", name="转AI").click()
    assert "multipart/form-data" in upload.value.headers["content-type"]
    sent = upload.value.post_data_buffer or b""
    assert base64.b64encode((SCREENS / "browser-error.png").read_bytes())[:40] not in sent


def test_axe_finds_nothing_before_and_after_the_answer(page: Page, sides: Sides, axe: Axe) -> None:
    page.goto(sides.chatwoot)
    app = page.frame_locator("iframe")
    expect(app.locator("#state")).to_have_text("#124 · 陈女士")
    assert axe(page.frames[1]) == []
    app.get_by_role("button", name="转AI").click()
    app.frame_locator("iframe").get_by_role("button", name="插入工单").last.click(timeout=60_000)
    expect(app.locator("#reply")).to_be_visible()
    for one in page.frames[1:]:  # the first is Chatwoot's own
        assert axe(one) == []

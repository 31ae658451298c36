"""Helpers for tests of the page: opening it, asking, and answers in place of the gateway's."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import HttpCredentials, Locator, Page, Route, expect

from tests.support.servers import Running

AGENT: HttpCredentials = {"username": "agent", "password": "desk"}
Scheme = Literal["light", "dark"]
STAFF = ("li", "wang")  # users with AGENT's password
STAFF_KEY = "sk-staff"  # of the staff member Li
READING = 30_000  # milliseconds that a first reading may take on a busy machine
expect.set_options(timeout=15_000)


@dataclass(frozen=True, slots=True)
class Site:
    """`gateway` and `start`: of a site that nginx serves. `start(**settings)` runs a gateway on the
    same data, at the same port where no other one is given."""

    url: str
    lan_url: str
    folder: Path  # nginx's, with its log and its password file
    gateway: Running | None = None
    start: Callable[..., AbstractContextManager[Running]] | None = None


# Opens a page of a user, in a browser context of its own (conftest.py).
Open = Callable[..., Page]


def open_page(page: Page, site: Site, path: str = "/chat.html") -> None:
    page.goto(site.url + path)
    expect(page.locator("#questions .ask").first).to_be_attached()


def send(page: Page, question: str) -> None:
    page.fill("#question", question)
    page.press("#question", "Enter")


def ask(page: Page, question: str) -> Locator:
    """Asks, waits for the whole answer and returns its article."""
    count = page.locator(".turn.assistant").count()
    send(page, question)
    article = page.locator(".turn.assistant").nth(count)
    expect(article.locator(".copy")).to_be_visible(timeout=READING)
    expect(article.locator(".status")).to_be_hidden(timeout=READING)
    return article


def attach(page: Page, *files: Path | dict[str, Any]) -> None:
    """Attaches files and waits for all uploads."""
    page.set_input_files("#picker", list(files))  # type: ignore[arg-type]  # it wants a typed dict
    expect(page.locator("#attachments li")).to_have_count(len(files))
    expect(page.locator("#attachments progress:visible")).to_have_count(0, timeout=READING)


def error(code: str, message: str = "m", **details: Any) -> dict[str, Any]:
    return {
        "error": {"message": message, "type": "t", "param": None, "code": code, "details": details}
    }


def content(text: str) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": text}}]}


def extras(**more: Any) -> dict[str, Any]:
    return {"choices": [], "sightdesk": more}


def events(*parts: dict[str, Any], done: bool = True) -> str:
    return "".join(f"data: {json.dumps(part)}\n\n" for part in parts) + (
        "data: [DONE]\n\n" if done else ""
    )


def answer(
    page: Page,
    *parts: dict[str, Any],
    status: int = 200,
    headers: dict[str, str] | None = None,
    done: bool = True,
) -> None:
    """Answers the next question with these events, or with an error where `status` is not 200."""
    body = events(*parts, done=done) if status == 200 else json.dumps(parts[0])
    kind = "text/event-stream" if status == 200 else "application/json"
    page.route(
        "**/api/chat",
        lambda route: route.fulfill(
            status=status, body=body, content_type=kind, headers=headers or {}
        ),
        times=1,
    )


@contextmanager
def told_slowly(page: Page, *parts: dict[str, Any] | float, done: bool = True) -> Iterator[None]:
    """Answers the next question from a real server that sends these events; a number is a pause in
    seconds. Without `done` the server then sends nothing and keeps the connection open until the
    end of the block.
    """
    left = threading.Event()

    class Slow(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            for part in parts:
                if isinstance(part, dict):
                    self.wfile.write(events(part, done=False).encode())
                else:
                    left.wait(part)
            if done:
                self.wfile.write(events().encode())
            else:
                left.wait()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/api/chat"
    page.route("**/api/chat", lambda route: route.continue_(url=url), times=1)
    try:
        yield
    finally:
        left.set()
        server.shutdown()
        server.server_close()
        thread.join()


def configured(page: Page, **changes: Any) -> None:
    """Changes what /api/config answers; None removes a key."""

    def change(route: Route) -> None:
        response = route.fetch()
        config = response.json() | changes
        route.fulfill(
            response=response,
            json={name: value for name, value in config.items() if value is not None},
        )

    page.route("**/api/config", change)


def without_store(page: Page) -> None:
    """Lets the server keep no conversations, so that the page keeps them itself."""
    configured(page, history="local")
    page.route(
        "**/api/conversations**", lambda route: route.fulfill(status=404, json=error("not_found"))
    )


DRAW = """async ([name, width, height]) => {
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d");
    context.fillStyle = "#0f6b54"; context.fillRect(0, 0, width, height);
    context.fillStyle = "#fff"; context.font = "80px sans-serif";
    context.fillText("SightDesk", 40, 120);
    return new File([await canvas.convertToBlob()], name, { type: "image/png" });
}"""


def paste(page: Page, name: str, width: int, height: int) -> None:
    """Pastes a drawn PNG of `width` × `height` pixels."""
    page.evaluate(
        f"""async (picture) => {{
            const data = new DataTransfer();
            data.items.add(await ({DRAW})(picture));
            const init = {{ clipboardData: data, bubbles: true }};
            document.dispatchEvent(new ClipboardEvent("paste", init));
        }}""",
        [name, width, height],
    )

"""A small real server that speaks the routes of actions: answers, cards, decisions, live events.

It stands in for the gateway where a test decides what happens to an action, and when.
"""

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from playwright.sync_api import Page, Route

ROUTES = re.compile(r"/api/(chat|conversations|actions)\b")
Json = dict[str, Any]


def action(**more: Any) -> Json:
    """A red-letter request that waits for its customer."""
    now = int(time.time())
    return {
        "id": "act-1",
        "object": "action",
        "connector": "red_letter",
        "title": {"zh": "申请红字发票", "en": "Request a red-letter invoice"},
        "arguments": {"invoice": "25122000000087654321", "buyer": "上海云帆科技有限公司"},
        "labels": {
            "invoice": {"zh": "发票号码", "en": "Invoice number"},
            "buyer": {"zh": "购买方", "en": "Buyer"},
        },
        "before": {"buyer": "上海云帆贸易有限公司"},
        "effect": "write",
        "status": "proposed",
        "by": "customer",
        "answer": "answer-1",
        "created_at": now,
        "expires_at": now + 900,
        "result": None,
        "error": None,
    } | more


class ActionDesk:
    """What the server knows: one conversation, its answer, its actions and its events."""

    def __init__(self, *parts: Json, text: str, actions: list[Json], tools: list[Json]) -> None:
        self.parts = parts  # of the answer's stream, behind its first event
        self.text = text
        self.tools = tools
        self.actions = {one["id"]: one for one in actions}
        self.conversation = ""
        self.notices: list[Json] = []
        self.events: list[tuple[int, str, Json]] = []
        self.decisions: list[str] = []  # "act-1/confirm", each time one is sent
        self.refusals: list[tuple[int, Json]] = []  # of the next decisions
        self.meanwhile: Json = {}  # what others make of an action before a decision arrives
        self.opened: list[str | None] = []  # Last-Event-ID of each stream of events
        self.tokens: set[str | None] = set()
        self.held = threading.Event()  # decisions wait for it
        self.held.set()
        self.cut = threading.Event()  # streams of events end
        self.left = False
        self.news = threading.Condition()

    def change(self, id_: str = "act-1", *, tell: bool = True, **fields: Any) -> None:
        """Changes an action; `tell`: an event tells the page."""
        with self.news:
            self.actions[id_] = self.actions[id_] | fields
            if tell:
                number = len(self.events) + 1
                data = {"action": self.actions[id_]}
                self.events.append((number, f"action.{self.actions[id_]['status']}", data))
            self.news.notify_all()

    def end(self, status: str, notice: str, **fields: Any) -> None:
        """Ends the action, and writes the turn that says so."""
        told = {"type": "action", "action": "act-1", "status": status}
        self.notices.append(
            {"id": "turn-notice", "role": "assistant", "text": notice, "notice": told}
        )
        self.change(status=status, **fields)

    def messages(self) -> list[Json]:
        now = int(time.time())
        question = {"id": "turn-1", "role": "user", "text": "发票抬头错了", "files": []}
        answer = {
            "id": "answer-1",
            "role": "assistant",
            "text": self.text,
            "state": "done",
            "created_at": now - 3600,
            "tools": self.tools,
            "actions": list(self.actions.values()),
        }
        return [question, answer, *self.notices] if self.conversation else []

    def summary(self) -> Json:
        waits = any(one["status"] == "proposed" for one in self.actions.values())
        told = {"id": self.conversation, "object": "conversation", "title": "发票", "turns": 2}
        return told | {"state": "proposed" if waits else None}


class Handler(BaseHTTPRequestHandler):
    desk: ActionDesk

    def do_GET(self) -> None:
        self.desk.tokens.add(self.headers["authorization"])
        path = self.path.partition("?")[0]
        name = path.split("/")[3] if path.count("/") > 2 else ""
        if path.endswith("/events"):
            self.tell()
        elif path.startswith("/api/actions/"):
            self.reply(200, self.desk.actions[name])
        elif not name:
            data = [self.desk.summary()] if self.desk.conversation else []
            self.reply(200, {"object": "list", "data": data, "has_more": False})
        elif name == self.desk.conversation:
            self.reply(200, self.desk.summary() | {"messages": self.desk.messages()})
        else:
            self.reply(404, {"error": {"code": "not_found", "message": "m", "details": {}}})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        self.desk.tokens.add(self.headers["authorization"])
        if self.path == "/api/chat":
            return self.answer(body)
        _, _, _, id_, decision = self.path.split("/")
        self.desk.decisions.append(f"{id_}/{decision}")
        self.desk.held.wait(10)
        self.desk.change(id_, tell=False, **self.desk.meanwhile)
        if self.desk.refusals:
            return self.reply(*self.desk.refusals.pop(0))
        status = {"confirm": "confirmed", "cancel": "cancelled"}[decision]
        self.desk.change(id_, tell=False, status=status, decided_by="agent")
        return self.reply(200, self.desk.actions[id_])

    def answer(self, body: Json) -> None:
        self.desk.conversation = body["conversation_id"]
        first = {"answer": {"id": "answer-1"}, "conversation": {"id": "c", "turn": "turn-1"}}
        self.begin("text/event-stream")
        for part in ({"choices": [], "sightdesk": first}, *self.desk.parts):
            self.wfile.write(f"data: {json.dumps(part)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")

    def tell(self) -> None:
        """Server-sent events, from the one behind Last-Event-ID on."""
        last = self.headers["last-event-id"]
        self.desk.opened.append(last)
        self.begin("text/event-stream")
        self.wfile.write(b": open\n\n")
        told = int(last) if last else len(self.desk.events)
        while not (self.desk.left or self.desk.cut.is_set()):
            for number, type_, data in self.desk.events[told:]:
                event = f"id: {number}\nevent: {type_}\ndata: {json.dumps(data)}\n\n"
                self.wfile.write(event.encode())
                told = number
            with self.desk.news:
                self.desk.news.wait(0.1)

    def begin(self, kind: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.end_headers()

    def reply(self, status: int, body: Json) -> None:
        self.begin("application/json", status)
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def action_desk(
    page: Page,
    *parts: Json,
    text: str = "抬头可以更正，请核对下面的申请。",
    actions: list[Json] | None = None,
    tools: list[Json] | None = None,
) -> Iterator[ActionDesk]:
    """Sends the page's questions, conversations and actions to this server instead of the gateway.

    By default the answer proposes `action()`. `parts`: other events of its stream.
    """
    proposed = [action()] if actions is None else actions
    told = [{"choices": [], "sightdesk": {"tool": tool}} for tool in tools or []]
    cards = [{"choices": [], "sightdesk": {"confirm": {"action": one}}} for one in proposed]
    words = {"choices": [{"index": 0, "delta": {"content": text}}]}
    desk = ActionDesk(
        *(parts or (*told, words, *cards)), text=text, actions=proposed, tools=tools or []
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"desk": desk}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    def divert(route: Route) -> None:
        path = "/api/" + route.request.url.partition("/api/")[2]
        route.continue_(url=f"http://127.0.0.1:{server.server_port}{path}")

    page.route(ROUTES, divert)
    try:
        yield desk
    finally:
        desk.left = True
        desk.held.set()
        page.unroute(ROUTES, divert)
        server.shutdown()
        server.server_close()
        thread.join()


def followed(page: Page, desk: ActionDesk, times: int = 1) -> None:
    """Waits until the page has opened its stream of events so often.

    The page waits, not this thread: a thread that sleeps would hold up the page's requests.
    """
    for _ in range(200):
        if len(desk.opened) >= times:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{len(desk.opened)} streams of {times}")

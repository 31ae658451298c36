"""Carries hand-overs to Chatwoot, and agents' replies back.

`python -m examples.chatwoot_bridge.bridge`; README.md has the settings.
"""

import hmac
import os
from pathlib import Path
from typing import Any

import uvicorn
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from examples.chatwoot_bridge.clients import Chatwoot, SightDesk
from examples.chatwoot_bridge.threads import Thread, Threads

MAX_BYTES = 4 * 1024 * 1024


class Bridge:
    """Synchronous: call it from threads. Raises httpx.HTTPError, and the sender tries again."""

    def __init__(self, threads: Threads, chatwoot: Chatwoot, sightdesk: SightDesk) -> None:
        self._threads = threads
        self._chatwoot = chatwoot
        self._sightdesk = sightdesk

    def from_sightdesk(self, event_id: str, event: dict[str, Any]) -> None:
        """Events may come more than once. One that broke off in the middle is done again."""
        if self._threads.has_seen(event_id):
            return
        self._tell_agents(event["type"], event["data"])
        self._threads.see(event_id)

    def _tell_agents(self, type_: str, data: dict[str, Any]) -> None:
        handoff = data["handoff"]
        thread = self._threads.of_handoff(handoff["id"])
        if type_ == "handoff.requested" and thread is None:
            thread = self._open(data)
        if thread is None:
            return
        match type_, data.get("cause"):
            case "handoff.requested", _:
                self._chatwoot.note(thread.conversation, summary_of(data))
            case "handoff.message", _ if data["turn"]["role"] == "user":
                words = data["turn"]["text"] or "📎"
                self._chatwoot.customer_says(thread.contact, thread.conversation, words)
            case "handoff.contact", _:
                contact = self._sightdesk.contact(handoff["id"])
                self._chatwoot.note(thread.conversation, f"联系方式 Contact: {contact}")
            case _, "silent" | "missed" | "deleted" as cause:
                self._chatwoot.note(thread.conversation, NOTES[cause])

    def _open(self, data: dict[str, Any]) -> Thread:
        handoff = data["handoff"]
        contact, number = self._chatwoot.open(
            data["conversation_id"], f"SightDesk {handoff['number']}"
        )
        thread = Thread(handoff["id"], contact, number)
        self._threads.add(thread)
        said = [one["text"] for one in data.get("messages", ()) if one["role"] == "user"]
        words = handoff["note"] or (said[-1] if said else "")
        if words:
            self._chatwoot.customer_says(contact, number, words)
        return thread

    def from_chatwoot(self, event: dict[str, Any]) -> None:
        """An agent's reply, or the end of the conversation. Anything else is not for the customer.

        A reply that comes twice has the same key, so SightDesk tells it once.
        """
        about = event.get("conversation") or event
        number = about.get("display_id") or about.get("id")
        thread = self._threads.of_conversation(int(number)) if number else None
        if thread is None:
            return
        if event.get("event") == "conversation_status_changed":
            if event.get("status") == "resolved":
                self._sightdesk.resolve(thread.handoff)
            return
        is_reply = event.get("message_type") == "outgoing" and not event.get("private")
        if event.get("event") == "message_created" and is_reply and event.get("content"):
            key = f"chatwoot-{event['id']}"
            other = self._sightdesk.say(thread.handoff, event["content"], key)
            if other:
                self._chatwoot.note(thread.conversation, NOTES["taken"].format(other))


NOTES = {
    "silent": "客户等待过久，会话已退回队列。The customer waited too long: back in the queue.",
    "missed": "还没有人接手。Nobody has taken it yet.",
    "deleted": "客户删除了会话。The customer has deleted the conversation.",
    "taken": "没有发出：由 {0} 处理。Not sent: {0} has it.",
}


def summary_of(data: dict[str, Any]) -> str:
    handoff = data["handoff"]
    links = [one["url"] for one in data.get("pictures", ())]
    parts = [handoff["summary"], handoff["note"], *links, data.get("desk_url", "")]
    return "\n\n".join(filter(None, parts))


def create_app(bridge: Bridge, secret: str, path_secret: str) -> Starlette:
    webhook = Webhook(secret)

    async def sightdesk(request: Request) -> Response:
        if int(request.headers.get("content-length", MAX_BYTES + 1)) > MAX_BYTES:
            return Response(status_code=413)
        try:
            event = webhook.verify(await request.body(), dict(request.headers))
        except WebhookVerificationError:
            return Response(status_code=401)
        await run_in_threadpool(bridge.from_sightdesk, request.headers["webhook-id"], event)
        return Response(status_code=204)

    async def chatwoot(request: Request) -> Response:
        # Chatwoot does not sign what it sends to an inbox's address: the address is the secret.
        if not hmac.compare_digest(request.path_params["secret"], path_secret):
            return Response(status_code=404)
        if int(request.headers.get("content-length", MAX_BYTES + 1)) > MAX_BYTES:
            return Response(status_code=413)
        await run_in_threadpool(bridge.from_chatwoot, await request.json())
        return Response(status_code=204)

    routes = [
        Route("/sightdesk", sightdesk, methods=["POST"]),
        Route("/chatwoot/{secret}", chatwoot, methods=["POST"]),
    ]
    return Starlette(routes=routes)


def main() -> None:
    environ = os.environ
    chatwoot = Chatwoot(
        environ["CHATWOOT_URL"],
        environ["CHATWOOT_INBOX"],
        environ["CHATWOOT_ACCOUNT"],
        environ["CHATWOOT_TOKEN"],
    )
    sightdesk = SightDesk(
        environ.get("SIGHTDESK_URL") or "http://127.0.0.1:8000", environ["SIGHTDESK_API_KEY"]
    )
    file = Path(environ.get("THREADS") or Path(__file__).with_name("threads.db"))
    bridge = Bridge(Threads(file), chatwoot, sightdesk)
    app = create_app(bridge, environ["SIGHTDESK_SECRET"], environ["PATH_SECRET"])
    uvicorn.run(app, host="127.0.0.1", port=int(environ.get("PORT") or 8400))


if __name__ == "__main__":
    main()

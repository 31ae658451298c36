"""make doctor SELFTEST=1: asks the running desk real questions through nginx, as a person would.

A question as text, one with a picture, one for a business system, and a hand-over. Everything that
it makes is removed at the end: conversations, their hand-over, the uploaded file. What stays are
log lines, counters of /metrics and, where webhooks are set, the events that were sent.

Standard library alone. `run` serves `make doctor`; `python3 -m scripts.selftest` runs it alone.
"""

import os
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.desk_client import DeskClient, Reply
from scripts.findings import Finding, line

ROOT = Path(__file__).parents[1]
EVALS = ROOT / "evals"
PICTURE = ROOT / "examples" / "screens" / "waybill.png"
WAYBILL = "SF1402857369214"  # on the picture
SMALL_TALK = "你好"
NOTE = "Self-test of the desk (make doctor SELFTEST=1). It removes itself; please ignore it."
ABOUT_PICTURE = "运单号是多少？"
STAFF = "name the user in STAFF_USERS"
FORBIDDEN, GONE = 403, 404
READING_SECONDS = 60.0  # for a picture that was just uploaded
POLL_SECONDS = 0.2


@dataclass(slots=True)
class Traces:
    """What the self-test has made and must remove, in order."""

    conversations: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    handoffs: list[str] = field(default_factory=list)


class SelfTest:
    """One run. `lines` gives a finding for each question; `remove` cleans up behind them."""

    def __init__(
        self, desk: DeskClient, evals: Path = EVALS, reading_seconds: float = READING_SECONDS
    ) -> None:
        self._desk = desk
        self._evals = evals
        self._reading_seconds = reading_seconds
        self._made = Traces()
        self._questions: list[str] = []

    def lines(self) -> Iterator[Finding]:
        signed_in = self.sign_in()
        yield signed_in
        if not signed_in.good:
            return
        try:
            yield self.text()
            yield self.picture()
            yield from self.tools()
            yield self.hand_over()
        finally:
            removed = self.remove()
        yield removed

    def sign_in(self) -> Finding:
        reply = self._desk.get("/api/config")
        if reply.ok and isinstance(reply.body, dict):
            self._questions = list(_questions(reply.body.get("questions")))
            return good("sign-in", "the user is let in")
        if reply.status in (401, 403):
            remedy = "set BASIC_AUTH_USER and BASIC_AUTH_PASSWORD as nginx has them"
        else:
            remedy = "start the desk with make up; see make logs"
        return red("sign-in", reply.reason, remedy)

    def text(self) -> Finding:
        """The first of the company's common questions."""
        question = self._questions[0] if self._questions else SMALL_TALK
        started = time.monotonic()
        reply = self._ask(question)
        if wrong := _wrong(reply):
            return red("text", wrong, _logs(reply))
        if self._questions and not reply.body["sightdesk"].get("citations"):
            return red("text", f"{question} finds no clause", "see make knowledge-check")
        seconds, model = time.monotonic() - started, reply.body["model"]
        return good("text", f"answered in {seconds:.1f} s by {model}")

    def picture(self) -> Finding:
        """Uploads a waybill, waits until it is read, and asks about it."""
        reply = self._desk.upload("/api/files", "selftest.png", PICTURE.read_bytes())
        if not reply.ok:
            return red("picture", f"upload: {reply.reason}", _logs(reply))
        file_id = reply.body["id"]
        self._made.files.append(file_id)
        if not self._is_read(file_id):
            seconds = f"{self._reading_seconds:g}"
            remedy = "see READER_URL and docker compose logs lite"
            return red("picture", f"not read within {seconds} s", remedy)
        reply = self._ask(ABOUT_PICTURE, file_id)
        if wrong := _wrong(reply):
            return red("picture", wrong, _logs(reply))
        readings = reply.body["sightdesk"].get("reading") or ()
        fields = [one["value"] for read in readings for one in read["fields"]]
        if WAYBILL not in fields:
            found = ", ".join(fields) or "nothing"
            return red("picture", f"read {found} instead of {WAYBILL}", _logs(reply))
        return good("picture", f"the waybill number was read ({WAYBILL})")

    def tools(self) -> Iterator[Finding]:
        """Every business system is tried, then one is asked by a question of evals/*.toml."""
        reply = self._desk.get("/api/desk/connectors")
        if not reply.ok:
            yield red("tool", reply.reason, STAFF if reply.status == FORBIDDEN else _logs(reply))
            return
        for problem in reply.body["problems"]:
            where = f"{problem['path']}:{problem['line']}"
            yield red("tool", f"{where}: {problem['reason']}", "correct the file")
        systems = reply.body["data"]
        for one in systems:
            if not one["ok"]:
                yield red("tool", f"{one['name']}: {one['reason']}", "see docs/connectors.md")
        yield self._tool({one["name"] for one in systems}) if systems else note("no connectors")

    def _tool(self, names: set[str]) -> Finding:
        found = tool_question(self._evals, names)
        if found is None:
            return note("no case of evals/ asks one of the connectors; write one (docs/evals.md)")
        question, name = found
        reply = self._ask(question)
        if wrong := _wrong(reply):
            return red("tool", wrong, _logs(reply))
        ran = {one["name"]: one for one in reply.body["sightdesk"].get("tools") or ()}
        if name not in ran:
            return red("tool", f"{name} was not called", _logs(reply))
        if ran[name]["status"] != "done":
            return red("tool", f"{name} {ran[name]['status']}", _logs(reply))
        return good("tool", f"{name} answered")

    def hand_over(self) -> Finding:
        """Asks for a person, and looks whether staff see it."""
        if not self._made.conversations:
            return red("hand-over", "no question was answered", "see the lines above")
        wanted = {"conversation_id": self._made.conversations[0], "note": NOTE}
        reply = self._desk.post("/api/handoff", wanted)
        if not reply.ok:
            return red("hand-over", reply.reason, _logs(reply))
        handoff_id, number = reply.body["id"], reply.body["number"]
        self._made.handoffs.append(handoff_id)
        seen = self._desk.get(f"/api/desk/handoffs/{handoff_id}")
        if not seen.ok:
            remedy = STAFF if seen.status == FORBIDDEN else _logs(seen)
            return red("hand-over", f"staff do not see it: {seen.reason}", remedy)
        return good("hand-over", f"staff see number {number}")

    def remove(self) -> Finding:
        """Removes all that was made, and looks whether it is gone."""
        made = self._made
        paths = [f"/api/conversations/{one}" for one in made.conversations]
        paths += [f"/api/files/{one}" for one in made.files]
        left = []
        for path in paths:
            reply = self._desk.delete(path)
            if not reply.ok and reply.status != GONE:  # a file goes with its conversation
                left.append(f"{path}: {reply.reason}")
        for path in [*paths, *(f"/api/desk/handoffs/{one}" for one in made.handoffs)]:
            if self._desk.get(path).ok:
                left.append(f"{path} is still there")
        if left:
            return red("removal", "; ".join(left), "delete them on the page")
        return good("removal", "conversations, file and hand-over are gone")

    def _is_read(self, file_id: str) -> bool:
        deadline = time.monotonic() + self._reading_seconds
        while time.monotonic() < deadline:
            reply = self._desk.get(f"/api/files/{file_id}/reading")
            if reply.ok and any(one.get("fields") for one in reply.body["data"]):
                return True
            time.sleep(POLL_SECONDS)
        return False

    def _ask(self, question: str, file_id: str = "") -> Reply:
        content: list[dict[str, Any]] = [{"type": "text", "text": question}]
        if file_id:
            content.append({"type": "file", "file": {"file_id": file_id}})
        messages = [{"role": "user", "content": content}]
        reply = self._desk.post("/api/chat", {"messages": messages, "stream": False})
        told = reply.body.get("sightdesk") if isinstance(reply.body, dict) else None
        conversation = (told or {}).get("conversation") or {}
        if "id" in conversation:
            self._made.conversations.append(conversation["id"])
        return reply


def run(base_url: str, user: str, password: str) -> list[Finding]:
    """Asks the desk at `base_url` (nginx). Never raises for a desk that does not work."""
    return list(SelfTest(DeskClient(base_url, user, password)).lines())


def good(part: str, text: str) -> Finding:
    return Finding(True, f"self-test, {part}: {text}")


def red(part: str, text: str, remedy: str) -> Finding:
    return Finding(False, f"self-test, {part}: {text}", remedy=remedy)


def note(text: str) -> Finding:
    return Finding(False, f"self-test, tool: {text}", needed=False)


def tool_question(evals: Path, names: set[str]) -> tuple[str, str] | None:
    """The first question of one turn, without a picture, after which one of `names` must be asked
    and nothing may be changed: (question, tool)."""
    for path in sorted(evals.glob("*.toml")):
        for case in tomllib.loads(path.read_text("utf-8")).get("case", ()):
            turn, *more = case["turns"]
            expect = turn.get("expect", {})
            is_read = expect.get("action") == "none" and expect.get("tool") in names
            if is_read and not more and not turn.get("images"):
                return str(turn["say"]), str(expect["tool"])
    return None


def _questions(groups: Any) -> Iterator[str]:
    for group in groups or ():
        for question in group.get("questions", ()):
            yield next(iter(question.values()))


def _wrong(reply: Reply) -> str:
    """Why the reply is no answer; "" where it is one."""
    if not reply.ok or not isinstance(reply.body, dict):
        return reply.reason
    if reply.body["sightdesk"].get("degraded"):
        return "the engine does not answer; the fallback did"
    said = reply.body["choices"][0]["message"].get("content")
    return "" if said and said.strip() else "an empty answer"


def _logs(reply: Reply) -> str:
    return f"see make logs{f' REQUEST={reply.request_id}' if reply.request_id else ''}"


def main() -> int:
    """The desk at URL (default: HTTP_PORT of this machine), as BASIC_AUTH_USER."""
    environ = os.environ
    base_url = environ.get("URL") or f"http://127.0.0.1:{environ.get('HTTP_PORT') or 8080}"
    user, password = environ.get("BASIC_AUTH_USER") or "admin", environ["BASIC_AUTH_PASSWORD"]
    found = []
    for finding in SelfTest(DeskClient(base_url, user, password)).lines():
        print(line(finding), flush=True)
        found.append(finding)
    return 1 if any(one.is_red for one in found) else 0


if __name__ == "__main__":
    sys.exit(main())

"""Runs the conversations of cases_*.yaml: which systems the engine calls, with which values."""

from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from inference.lite.answering import Reply, answer
from inference.lite.conversation import Conversation, Turn
from inference.lite.desk import desk_of
from inference.lite.reading import Reading, from_json
from inference.lite.request import checked
from tests.inference.lite.answering.conversations import clause, paper

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Case:
    """A conversation, and what its last turn calls, or asks back."""

    name: str
    turns: list[dict[str, Any]]
    desk: dict[str, Any]
    calls: list[dict[str, Any]]
    asks: str = ""
    half: str = ""

    def faults(self) -> list[str]:
        """What is wrong with the last turn; [] if nothing is."""
        reply = last_reply(self.turns, self.desk)
        found = [] if reply.calls == self.calls else [f"calls {reply.calls}, not {self.calls}"]
        if self.asks and (self.asks not in reply.text or reply.outcome != "clarify"):
            found.append(f"{self.asks!r} is not asked for: {reply.text!r}")
        return found


@dataclass
class Thread:
    """A conversation that goes on: each `ask` is answered by the engine."""

    desk: dict[str, Any]
    turns: list[Turn] = field(default_factory=list)

    def ask(self, say: str = "", *papers: str | dict[str, Any], **desk: Any) -> Reply:
        """The engine's reply to the next message, with papers by name or as readings. With
        `results`: to a further round of the last message."""
        if not desk.get("results"):
            readings = [paper(one) if isinstance(one, str) else _reading(one) for one in papers]
            self.turns.append(Turn("user", say, readings))
        structured = {**self.desk, **desk}
        body = {"messages": [{"role": "user", "content": "a"}], "sightdesk": structured}
        structured = checked(body)["sightdesk"]
        reply = answer(Conversation(list(self.turns), desk_of(structured)))
        if not reply.calls:
            self.turns.append(Turn("assistant", reply.text))
        return reply


def cases(half: str) -> list[Case]:
    return [_case(one, half) for one in _yaml(f"cases_{half}.yaml")]


def last_reply(turns: list[dict[str, Any]], desk: dict[str, Any]) -> Reply:
    """The reply to the last turn. Those before it are answered too, their calls by nothing."""
    thread = Thread(desk)
    for turn in turns:
        reply = thread.ask(turn.get("say", ""), *turn.get("papers", []))
        if reply.calls:
            thread.turns.append(Turn("assistant", "…"))
    return reply


def tools(*names: str, file: str = "tools.yaml") -> list[dict[str, Any]]:
    """Tools of a file in the seam's form, by default all."""
    made = []
    for name in names or _yaml(file):
        given = deepcopy(_yaml(file)[name])
        parameters = {
            "type": "object",
            "properties": given.pop("properties"),
            "required": given.pop("required"),
        }
        made.append({"name": name, "parameters": parameters, **given})
    return made


def desk_with(*names: str, **more: Any) -> dict[str, Any]:
    """What the gateway says of a turn in which these tools may be called."""
    return {
        "locale": "zh-CN",
        "intent": "question",
        "verdict": "none",
        "tools": tools(*names),
        **more,
    }


def _reading(given: dict[str, Any]) -> Reading:
    lines = [{"confidence": 0.99, **one} for one in given.get("lines", [{"text": "…"}])]
    fields = [{"confidence": 0.98, **one} for one in given.get("fields", [])]
    return from_json({**given, "lines": lines, "fields": fields})


def _case(given: dict[str, Any], half: str) -> Case:
    turns = [
        one if isinstance(one, dict) else {"say": one}
        for one in given.get("turns") or [{"say": given["say"], "papers": given.get("papers", [])}]
    ]
    clauses = [clause(name) for name in given.get("clauses", [])]
    desk = desk_with(
        *given.get("tools", []),
        locale=given.get("locale", "zh-CN"),
        intent=given.get("intent", "question"),
        verdict="answer" if clauses else "none",
        clauses=clauses,
        **({"tools": tools(file="tools_other.yaml")} if half == "other" else {}),
    )
    calls = [{"name": name, "arguments": arguments} for name, arguments in given["calls"]]
    return Case(given["name"], turns, desk, calls, given.get("asks", ""), half)


@cache
def _yaml(name: str) -> Any:
    return yaml.safe_load((HERE / name).read_text("utf-8"))

"""Runs the conversations of cases_*.yaml through the engine, with readings and clauses by name."""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from inference.lite.answering import Reply, answer
from inference.lite.conversation import Conversation, Turn
from inference.lite.desk import desk_of
from inference.lite.reading import from_json
from inference.lite.request import checked

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Case:
    """A conversation, and what its last answer must be."""

    name: str
    turns: list[dict[str, Any]]
    desk: dict[str, Any]
    outcome: str
    cites: list[str]
    first: list[str] = field(default_factory=list)
    not_first: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    not_text: list[str] = field(default_factory=list)
    half: str = ""

    def faults(self) -> list[str]:
        """What is wrong with the last answer; [] if nothing is."""
        reply = last_reply(self)
        first = reply.text.partition("\n\n")[0]
        found = []
        if reply.outcome != self.outcome:
            found.append(f"outcome {reply.outcome}, not {self.outcome}")
        if reply.citations != self.cites:
            found.append(f"cites {reply.citations}, not {self.cites}")
        found += [f"{one!r} is not said first" for one in self.first if one not in first]
        found += [f"{one!r} is said first" for one in self.not_first if one in first]
        found += [f"{one!r} is not said" for one in self.text if one not in reply.text]
        found += [f"{one!r} is said" for one in self.not_text if one in reply.text]
        return found


def cases(half: str) -> list[Case]:
    return [_case(one, half) for one in _yaml(f"cases_{half}.yaml")]


def last_reply(case: Case) -> Reply:
    """The answer to the last turn; the turns before it are answered too."""
    turns: list[Turn] = []
    for number, said in enumerate(case.turns):
        turns.append(Turn("user", said.get("say", ""), [paper(name) for name in _papers(said)]))
        is_last = number == len(case.turns) - 1
        desk = case.desk if is_last else {**case.desk, **said.get("desk", {})}
        reply = answer(Conversation(list(turns), desk_of(desk)))
        if is_last:
            return reply
        turns.append(Turn("assistant", reply.text))
    raise AssertionError("a case needs a turn")


def paper(name: str) -> Any:
    return from_json(paper_json(name))


@cache
def paper_json(name: str) -> dict[str, Any]:
    """A reading in the seam's form."""
    given = dict(_yaml("papers.yaml")[name])
    lines = [
        {"text": text, "box": [10, 30 * at, 12 * len(text), 20], "confidence": 0.99}
        for at, text in enumerate(given.pop("lines"))
    ]
    fields = [
        {"name": one[0], "value": one[1], "confidence": 0.98, **(one[2] if len(one) > 2 else {})}
        for one in given.pop("fields")
    ]
    return {"image": f"file-{name}", "width": 800, "height": 600, **given} | {
        "lines": lines,
        "fields": fields,
    }


def clause(name: str) -> dict[str, Any]:
    """A clause in the seam's form; its id is its name."""
    given = dict(_yaml("clauses.yaml")[name])
    if file := given.pop("file", None):
        given["text"] = (HERE / f"{file}.md").read_text("utf-8")
    return {"id": name, "score": 0.9, **given}


def _case(given: dict[str, Any], half: str) -> Case:
    turns = [
        one if isinstance(one, dict) else {"say": one}
        for one in given.get("turns") or [{"say": given["say"], "papers": given.get("papers", [])}]
    ]
    clauses = [clause(name) for name in given.get("clauses", [])]
    desk = {
        "locale": given.get("locale", "zh-CN"),
        "intent": given.get("intent", "question"),
        "angry": given.get("angry", False),
        "verdict": given.get("verdict", "answer" if clauses else "none"),
        "clauses": clauses,
        "suggestions": [clause(name) for name in given.get("suggestions", [])],
        "persona": given.get("persona"),
    }
    checked({"messages": [{"role": "user", "content": "a"}], "sightdesk": desk})
    keys = ("first", "not_first", "text")
    wanted = {key: [str(one) for one in given[key]] for key in keys if key in given}
    return Case(
        given["name"],
        turns,
        desk,
        given["outcome"],
        given["cites"],
        not_text=[str(one) for one in given.get("not", [])],
        half=half,
        **wanted,
    )


def _papers(said: dict[str, Any]) -> list[str]:
    return list(said.get("papers", []))


@cache
def _yaml(name: str) -> Any:
    return yaml.safe_load((HERE / name).read_text("utf-8"))

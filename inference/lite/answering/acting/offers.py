"""The tools that a turn may use, and what earlier rounds of the turn did."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from inference.lite.answering.acting import terms
from inference.lite.desk import Desk
from inference.lite.field_text import plain

MAX_TITLE = 200  # characters of a title that are looked at
MAX_DESCRIPTION = 1_000
CHECKS = re.compile(
    r"检查|核对|核实|能否|可否|是否|能不能|可不可以|\bchecks?\b|\bwhether\b|\beligib|\bvalidate\b"
)
LEAD = re.compile(
    r"^(?:查询|查看|查|检查|获取|显示|跟踪|追踪|看|track|check|look up|get|find|query|show|list|fetch|read|view)\s?"
    r"(?:the|an|a|my|your)?\s?"
)
WORD = re.compile(r"[a-z]{3,30}")
HAN = re.compile(r"[\u3400-\u9fff]{2}")
STOP = frozenset(
    ("the", "and", "for", "can", "may", "new", "one", "this", "that", "whether", "your")
)
ENDS = re.compile(r"(?:系统|日志|记录|system|log|records?)$")

Texts = Mapping[str, str]  # by language


@dataclass(frozen=True)
class Offer:
    """A tool. `fields`: property → the reading's field that may fill it."""

    name: str
    title: Texts
    description: Texts
    is_write: bool
    parameters: Mapping[str, Any]
    fields: Mapping[str, str]
    labels: Mapping[str, Texts]

    @property
    def properties(self) -> Mapping[str, Any]:
        return self.parameters.get("properties") or {}

    @property
    def required(self) -> list[str]:
        return [str(name) for name in self.parameters.get("required") or []]

    def called(self, name: str, chinese: bool) -> str:
        """What a person calls a property."""
        return in_language(self.labels.get(name) or {}, chinese) or name

    def entitled(self, chinese: bool) -> str:
        return in_language(self.title, chinese) or self.name

    @cached_property
    def subjects(self) -> frozenset[str]:
        """What the title is about."""
        return terms.found(terms.SUBJECTS, self._titles)

    @cached_property
    def acts(self) -> frozenset[str]:
        """What a write does, by its title."""
        return terms.found(terms.ACTS, self._titles)

    @cached_property
    def about(self) -> frozenset[str]:
        """What title and description are about."""
        texts = [plain(text[:MAX_DESCRIPTION]) for text in self.description.values()]
        return self.subjects | terms.found(terms.SUBJECTS, "\n".join(texts))

    @cached_property
    def checks(self) -> bool:
        """Whether a read tells if something may be done."""
        return bool(CHECKS.search(self._titles))

    @cached_property
    def latin(self) -> frozenset[str]:
        """The English words of the title, without the verb of a read at its front."""
        rests = [LEAD.sub("", plain(text[:MAX_TITLE])) for text in self.title.values()]
        return frozenset(WORD.findall("\n".join(rests))) - STOP

    @cached_property
    def pairs(self) -> Mapping[int, str]:
        """Neighbouring Chinese characters of the title, by their place, without that verb."""
        text = LEAD.sub("", plain((self.title.get("zh") or "")[:MAX_TITLE]))
        return {
            at: text[at : at + 2] for at in range(len(text)) if HAN.fullmatch(text[at : at + 2])
        }

    @property
    def is_telling(self) -> bool:
        """Whether the title has words enough to be recognised by them."""
        return len(self.latin) > 1 or len(self.pairs) > 1

    @cached_property
    def _titles(self) -> str:
        texts = [plain(text[:MAX_TITLE]) for text in self.title.values()]
        return "\n".join([*texts, terms.spaced(self.name[:MAX_TITLE])])


@dataclass(frozen=True)
class Result:
    """What a call of this turn came to. `status`: done, failed, proposed or refused."""

    name: str
    title: Texts
    arguments: Mapping[str, Any]
    status: str
    text: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    action: Mapping[str, Any] = field(default_factory=dict)

    def system(self, chinese: bool) -> str:
        """The system that answered, by the subject of the title, else by the title itself."""
        titles = plain("\n".join([*self.title.values(), self.name])[:MAX_TITLE])
        for subject, names in terms.SYSTEMS.items():
            if terms.SUBJECTS[subject].search(titles.replace("_", " ")):
                return names[0 if chinese else 1]
        rest = LEAD.sub("", plain(self.entitled(chinese)[:MAX_TITLE]))
        if ENDS.search(rest):
            return rest
        return f"{rest}系统" if chinese else f"{rest} system"

    def entitled(self, chinese: bool) -> str:
        return in_language(self.title, chinese) or self.name


def in_language(texts: Texts, chinese: bool) -> str:
    """The text in a language, else in the other one, else ""."""
    first, second = ("zh", "en") if chinese else ("en", "zh")
    return texts.get(first) or texts.get(second) or ""


def offered(desk: Desk) -> list[Offer]:
    """The tools that may be called in this round."""
    return [
        Offer(
            str(one.get("name") or ""),
            one.get("title") or {},
            one.get("description") or {},
            one.get("effect") != "read",
            one.get("parameters") or {},
            one.get("fields") or {},
            one.get("labels") or {},
        )
        for one in desk.tools
    ]


def results(desk: Desk) -> list[Result]:
    """What earlier rounds did, in order."""
    return [
        Result(
            str(one.get("name") or ""),
            one.get("title") or {},
            one.get("arguments") or {},
            str(one.get("status") or "failed"),
            str(one.get("text") or ""),
            one.get("values") or {},
            str(one.get("reason") or ""),
            one.get("action") or {},
        )
        for one in desk.results
    ]

"""What a question is answered from: its pictures, its clauses, and what was said before."""

import re
from functools import cached_property

from inference.lite.answering import clauses
from inference.lite.answering.asking import Asking
from inference.lite.answering.clauses import Clause
from inference.lite.answering.codes import Codes
from inference.lite.answering.facts import Facts
from inference.lite.answering.markdown import plain
from inference.lite.answering.phrases import joined, say
from inference.lite.answering.pictures import fault, named
from inference.lite.answering.questions import ASKING, Part, Want, parts_of
from inference.lite.answering.reply import Reply, together
from inference.lite.answering.smalltalk import refused
from inference.lite.conversation import Conversation
from inference.lite.desk import Desk
from inference.lite.language import language_of
from inference.lite.reading import Reading

SPACE = re.compile(r"(?<=[\u3400-\u9fff])\s{1,4}(?=[\u3400-\u9fff])")
MAX_ASKED = 60  # characters of a part that are said back


class Scene:
    """One turn of a conversation. `clauses` are those that the gateway says answer it."""

    def __init__(self, conversation: Conversation) -> None:
        self.desk = conversation.desk or Desk()
        self.chinese = conversation.chinese
        self.budget = conversation.budget
        self.meaning = conversation.meaning
        self.known = Facts(conversation)
        self.asking = Asking(conversation)
        question = conversation.question
        # Beside a picture people part what they ask of it with a space.
        self.parts = parts_of(SPACE.sub("，", question) if self.known.own else question)
        self.clauses = [] if self.desk.verdict in ("none", "suggest") else self.desk.clauses

    @cached_property
    def readable(self) -> list[Reading]:
        """The pictures that tell something."""
        return [one for one in self.known.pictures if not fault(one) and (one.lines or one.fields)]

    @property
    def served(self) -> bool:
        """Whether the gateway has clauses that answer, or that may."""
        return bool(self.clauses or (self.desk.suggestions and self.desk.verdict != "none"))

    def from_clauses(self, part: Part, serving: list[Clause] | None = None) -> Reply:
        """The answer of the clauses that serve a part, by default all; else what is missing."""
        serving = self.clauses if serving is None else serving
        if part.text in self._shared and serving:
            best = self._shared[part.text]
            if best is None:
                return Reply("", "no_clause")  # the other parts have all there is
            serving = [best] if best in serving else serving[:1]
        if serving:
            return clauses.answered(part.text, serving, self.chinese, self.budget)
        if part.wants_picture and not self.known.pictures:
            return self.asking.for_("ask_picture")
        if self.desk.suggestions and self.desk.verdict != "none":
            return self.asking.suggestions()
        return self.refused()

    @cached_property
    def _shared(self) -> dict[str, Clause | None]:
        """The clause of each part, where several ask; a part of its own has all clauses."""
        asking = [part.text for part in self.parts if part.want is Want.HELP]
        if len(asking) < 2:
            return {}
        return dict(zip(asking, clauses.for_parts(asking, self.clauses), strict=True))

    def refused(self, shown: str = "") -> Reply:
        """The refusal, behind what a picture shows."""
        text = refused(self.desk, self.chinese)
        return Reply("\n\n".join(filter(None, [shown, text])), "no_clause")

    def beside_others(self, part: Part, reply: Reply) -> Reply:
        """A part's reply beside those that help: one sentence instead of the refusal."""
        if reply.outcome != "no_clause":
            return reply
        shown = reply.text.replace(refused(self.desk, self.chinese), "").strip()
        if shown or not ASKING.search(part.text) or self.desk.intent == "anger":
            return Reply(shown, "no_clause")
        language = language_of(str(self.clauses[0].get("text"))) if self.clauses else ""
        is_foreign = bool(language) and (language == "zh") != self.chinese
        phrase = "nothing_else" if is_foreign else "nothing_on"
        asked = plain(part.text[:MAX_ASKED])
        return Reply(say(phrase, self.chinese, part=asked), "no_clause")

    def unknown(self, found: Codes) -> Reply:
        """That no clause explains a code."""
        refusal, code = self.desk.voice("refusal", self.chinese), found.codes[0]
        told = say("code_is" if refusal else "unknown_code", self.chinese, code=code)
        follow = refusal or say("have_it_checked", self.chinese)
        return Reply(told + ("" if self.chinese else " ") + follow, "no_clause")

    def unread(self, missing: list[str]) -> Reply:
        """Nothing could be read, or not `missing`: says why, and what to do."""
        pictures = self.known.pictures
        faults = [
            self.asking.for_(fault(one), picture=named(number, len(pictures), self.chinese))
            for number, one in enumerate(pictures, start=1)
            if fault(one)
        ]
        if faults:
            return together(faults)
        names = joined(missing, self.chinese)
        return Reply(say("not_yet_read", self.chinese, names=names) if missing else "", "clarify")

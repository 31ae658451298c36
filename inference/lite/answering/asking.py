"""Asks back for the one thing that is missing: once. The second time a person is offered."""

import re

from inference.lite.answering.phrases import say
from inference.lite.answering.reply import Reply
from inference.lite.answering.smalltalk import offer
from inference.lite.conversation import Conversation
from inference.lite.desk import Desk

FIRST_SENTENCE = re.compile(r"[^。.?？!！]{1,200}")


class Asking:
    """Knows what has been asked before in the conversation."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._desk = conversation.desk or Desk()
        self._said = [turn.text for turn in conversation.turns if turn.role == "assistant"]

    def for_(self, phrase: str, **values: object) -> Reply:
        """The question back, or the offer of a person if the conversation has it already."""
        text = say(phrase, self._conversation.chinese, **values)
        return self._once(text, text)

    def suggestions(self) -> Reply:
        """Titles of clauses: "did you mean …?"."""
        chinese = self._conversation.chinese
        titles = [str(one.get("title") or "") for one in self._desk.suggestions[:3]]
        if len(titles) == 1:
            text = say("suggest_one", chinese, title=titles[0])
        else:
            text = "\n".join([say("suggest", chinese), "", *(f"- {title}" for title in titles)])
        return self._once(say("suggest_start", chinese), text)

    def person(self) -> Reply:
        """The offer of a person."""
        chinese = self._conversation.chinese
        text = say("let_a_person", chinese) + ("" if chinese else " ") + offer(self._desk, chinese)
        return Reply(text, "handoff")

    def _once(self, head: str, text: str) -> Reply:
        first = FIRST_SENTENCE.search(head)
        if first and any(first[0] in said for said in self._said):
            return self.person()
        return Reply(text, "clarify")

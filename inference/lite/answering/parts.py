"""The reply to one part of a question."""

from collections.abc import Callable

from inference.lite.answering import clauses, codes, facts, papers, states, values
from inference.lite.answering.asking import Asking
from inference.lite.answering.clauses import Clause
from inference.lite.answering.codes import Codes
from inference.lite.answering.extracts import shared
from inference.lite.answering.facts import Facts
from inference.lite.answering.phrases import joined, say, sentence
from inference.lite.answering.pictures import fault, named
from inference.lite.answering.questions import (
    LONG_NUMBER,
    OWN,
    Part,
    Want,
    is_generic,
    parts_of,
    shows_none,
)
from inference.lite.answering.reply import Reply, together
from inference.lite.answering.smalltalk import refused
from inference.lite.conversation import Conversation
from inference.lite.desk import Desk
from inference.lite.reading import KINDS, Reading

SERVES = 3  # words that a clause shares with a picture that nothing is asked about
NUMBERS = ("waybill_number", "order_number")
# These stand on a customer's own paper, and in no clause.
ON_PAPER = {
    *NUMBERS,
    "number",
    "invoice_number",
    "invoice_code",
    "transaction_number",
    "error_code",
}


class Parts:
    """Answers the parts of one question, with the pictures and clauses of its conversation."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._desk = conversation.desk or Desk()
        self._chinese = conversation.chinese
        self._budget = conversation.budget
        self._known = Facts(conversation)
        self._asking = Asking(conversation)
        self._clauses = [] if self._desk.verdict in ("none", "suggest") else self._desk.clauses
        self.all = parts_of(conversation.question)
        asking = [part.text for part in self.all if part.want is Want.HELP]
        # Several parts share the clauses; a part of its own has them all.
        self._shared: dict[str, Clause | None] = {}
        if len(asking) > 1:
            served = clauses.for_parts(asking, self._clauses)
            self._shared = dict(zip(asking, served, strict=True))

    def reply(self, part: Part) -> Reply:
        """Says "no_clause" or asks back where nothing serves."""
        replies: dict[Want, Callable[[Part], Reply]] = {
            Want.VALUES: self._values,
            Want.STATE: self._state,
            Want.ARRIVAL: self._arrival,
            Want.WORDS: self._words,
            Want.SUMMARY: self._summary,
            Want.HELP: self._help,
        }
        return replies[part.want](part)

    @property
    def _readable(self) -> list[Reading]:
        return [one for one in self._known.pictures if not fault(one) and (one.lines or one.fields)]

    def _values(self, part: Part) -> Reply:
        text, missing = values.told(part.fields, self._known, self._chinese)
        if text and len(missing) < len(part.fields):
            if "error_code" not in part.fields:
                return Reply(text)
            remedies = list(filter(None, [self._remedy(one, part) for one in self._readable]))
            # A clause that begins with the code says it already.
            is_said = part.fields == ("error_code",) and any(one.citations for one in remedies)
            return together([*([] if is_said else [Reply(text)]), *remedies])
        if not self._known.pictures:
            wants_picture = shows_none(part.text) or ON_PAPER.intersection(part.fields)
            is_asked = wants_picture and not self._clauses
            return self._asking.for_("ask_picture") if is_asked else self._help(part)
        if not self._readable or any(one.partial for one in self._known.pictures):
            return self._unread(missing)
        if self._clauses and not is_generic(part.text):
            return self._from_clauses(part)
        return self._asking.for_("ask_field", names=joined(missing, self._chinese))

    def _remedy(self, reading: Reading, part: Part) -> Reply | None:
        found = codes.in_picture(reading, self._clauses)
        if found.clause:
            return codes.told(found, part.text, self._chinese, self._budget)
        if found.codes:
            return Reply(say("unknown_code", self._chinese, code=found.codes[0]))
        return None

    def _state(self, part: Part) -> Reply:
        told = states.told(part.text, self._known, self._chinese)
        if told:
            return Reply(told)
        if self._known.pictures and not self._readable:
            return self._unread([])
        if self._readable:
            shown = [papers.told(one, self._chinese) for one in self._readable]
            return together([Reply(" ".join(shown), "clarify"), self._asking.for_("ask_tracking")])
        if self._clauses and not OWN.search(part.text):
            return self._help(part)
        has_number = bool(LONG_NUMBER.search(part.text)) or any(
            self._known.values(name) for name in NUMBERS
        )
        return self._asking.for_("ask_tracking" if has_number else "ask_number")

    def _arrival(self, part: Part) -> Reply:
        told = [one for one in self._readable if states.stands(one) or one.kind == "waybill"]
        if not told:
            return self._from_clauses(part) if self._clauses else self._state(part)
        replies = [Reply(_no_arrival(one, self._chinese)) for one in told]
        return together([*replies, *([self._from_clauses(part)] if self._clauses else [])])

    def _words(self, part: Part) -> Reply:
        if not self._known.pictures:
            return self._help(part) if self._clauses else self._asking.for_("ask_picture")
        if not self._readable:
            return self._unread([])
        return together([Reply(papers.words_of(one, self._chinese)) for one in self._readable])

    def _summary(self, part: Part) -> Reply:
        if not self._known.pictures:
            if self._clauses:
                return self._from_clauses(part)
            if self._desk.suggestions:
                return self._asking.suggestions()
            wants_picture = shows_none(self._conversation.question)
            return self._asking.for_("ask_picture" if wants_picture else "ask_question")
        if not self._readable:
            return self._unread([])
        return together([self._shown(one) for one in self._readable])

    def _shown(self, reading: Reading) -> Reply:
        """What a picture shows, and the clause that serves it, where nothing else is asked."""
        found = codes.in_picture(reading, self._clauses)
        about = "\n".join(line.text for line in reading.lines)
        if found.clause:
            return codes.told(found, about, self._chinese, self._budget)
        if found.codes:
            return self._unknown(found)
        serving = [one for one in self._clauses if self._serves(one, reading, about)]
        if reading.kind == "error":
            text = facts.first(reading, "error_text") or papers.headline(reading)
            if serving:
                return clauses.answered(about, serving[:1], self._chinese, self._budget)
            shown = say("error_shown", self._chinese, text=text) + ("。" if self._chinese else ".")
            return self._refused(shown)
        shown = papers.told(reading, self._chinese)
        reply = Reply(shown, "answered")
        if serving:
            found_clause = clauses.answered(about, serving[:1], self._chinese, self._budget)
            return together([reply, found_clause])
        return reply

    def _serves(self, clause: Clause, reading: Reading, about: str) -> bool:
        """Whether a clause serves a picture beside which nothing in particular is asked."""
        if reading.kind == "error":
            return bool(codes.without_others([clause], [], self._budget))
        if reading.kind in ("chat", "other") or states.has_problem(reading):
            return len(shared(about, clauses.whole(clause))) >= SERVES
        return False

    def _help(self, part: Part) -> Reply:
        typed = codes.in_question(part.text, self._clauses, self._budget)
        if typed.clause:
            return codes.told(typed, part.text, self._chinese, self._budget)
        if typed.codes:
            return self._unknown(typed)
        errors = [codes.in_picture(one, self._clauses) for one in self._known.own]
        known = [one for one in errors if one.clause]
        if known:
            return together(
                [codes.told(one, part.text, self._chinese, self._budget) for one in known]
            )
        unknown = [one for one in errors if one.codes]
        if unknown:
            serving = codes.without_others(self._clauses, unknown[0].codes, self._budget)
            return self._from_clauses(part, serving) if serving else self._unknown(unknown[0])
        return self._with_papers(part)

    def _with_papers(self, part: Part) -> Reply:
        """The clause, beside what the question's own pictures show."""
        reply = self._from_clauses(part)
        if not self._known.own:
            return reply
        if reply.outcome != "answered" and not self._readable:
            return self._unread([])
        # Where a parcel is comes first. Else a picture is told if no other part has its fields.
        told = set(("waybill", "invoice") if reply.outcome == "answered" else KINDS)
        told = told if len(self.all) == 1 else set()
        first = any(one.kind == "waybill" for one in self._readable)
        shown = [
            Reply(papers.told(one, self._chinese), "no_clause")
            for one in self._readable
            if one.kind in told
        ]
        return together([*shown, reply] if first else [reply, *shown])

    def _from_clauses(self, part: Part, serving: list[Clause] | None = None) -> Reply:
        serving = self._clauses if serving is None else serving
        if part.text in self._shared:
            best = self._shared[part.text]
            serving = [best] if best in serving and best else []
        if serving:
            return clauses.answered(part.text, serving, self._chinese, self._budget)
        if shows_none(part.text) and not self._known.pictures:
            return self._asking.for_("ask_picture")
        if self._desk.suggestions and self._desk.verdict != "none":
            return self._asking.suggestions()
        return Reply(refused(self._desk, self._chinese), "no_clause")

    def _unknown(self, found: Codes) -> Reply:
        text = say("unknown_code", self._chinese, code=found.codes[0])
        follow = self._desk.voice("refusal", self._chinese) or say("have_it_checked", self._chinese)
        return Reply(text + ("" if self._chinese else " ") + follow, "no_clause")

    def _refused(self, shown: str) -> Reply:
        return Reply(f"{shown}\n\n{refused(self._desk, self._chinese)}", "no_clause")

    def _unread(self, missing: list[str]) -> Reply:
        """Nothing could be read: says why, and what to do."""
        faults = self._faults()
        if faults:
            return together(faults)
        names = joined(missing, self._chinese)
        return Reply(say("not_yet_read", self._chinese, names=names) if missing else "", "clarify")

    def _faults(self) -> list[Reply]:
        """What is wrong with the pictures that tell nothing."""
        pictures = self._known.pictures
        return [
            self._asking.for_(fault(one), picture=named(number, len(pictures), self._chinese))
            for number, one in enumerate(pictures, start=1)
            if fault(one)
        ]


def _no_arrival(reading: Reading, chinese: bool) -> str:
    """That no arrival date is known, and where the parcel is."""
    return sentence([say("no_arrival", chinese) + states.latest(reading, chinese)], chinese)

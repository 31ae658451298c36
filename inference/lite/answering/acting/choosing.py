"""Which tools fit a wish: one write, or the reads that answer."""

import re
from dataclasses import dataclass

from inference.lite.answering import facts
from inference.lite.answering.acting import terms
from inference.lite.answering.acting.arguments import Filled, Known, Source
from inference.lite.answering.acting.offers import Offer
from inference.lite.answering.acting.wishes import Aim, Wish
from inference.lite.answering.facts import Facts
from inference.lite.answering.questions import ASKING, PICTURE, Part, Want
from inference.lite.field_text import plain

MOST_READS = 3  # calls of one round
# The share of a title's words that a question must say where no act or subject tells the tool.
NAMED = 0.6
SUBJECT_OF_KIND = {
    "waybill": "parcel",
    "order": "order",
    "payment": "order",
    "invoice": "invoice",
    "error": "trouble",
    "contract": "contract",
}
MENDING = frozenset(("change", "reissue"))
UNDOING = frozenset(("cancel", "return", "refund", "delete"))
WHERE = frozenset("到哪 在哪 走到 派送 签收 送到 送达 到货 到了 where arriv deliver".split())
# Asks where a thing is now. No clause knows that, also where "my" is left out.
WHERE_NOW = re.compile(
    r"到了?哪(?:里|儿|一?[步站])?[了啦]|(?<![寄退送发拿交能可])到哪(?:里|儿)?\W{0,5}$"
    r"|\bwhere(?:'s| is) (?:the|this) (?:parcel|package|order|shipment|delivery)\b(?: now)?\W{0,5}$"
)


@dataclass(frozen=True)
class Turn:
    """What the choice rests on. `by_clause`: the gateway says that a clause answers. `names_code`:
    the question or its picture gives an error code."""

    wish: Wish
    parts: list[Part]
    facts: Facts
    by_clause: bool
    names_code: bool

    @property
    def kinds(self) -> frozenset[str]:
        """The subjects of the question's own pictures."""
        kinds = {facts.kind_of(one) for one in self.facts.own}
        return frozenset(SUBJECT_OF_KIND[kind] for kind in kinds if kind in SUBJECT_OF_KIND)

    @property
    def shown(self) -> frozenset[str]:
        """The subjects of the pictures that are spoken of, the question's own or earlier ones."""
        kinds = {facts.kind_of(one) for one in self.facts.pictures}
        return frozenset(SUBJECT_OF_KIND[kind] for kind in kinds if kind in SUBJECT_OF_KIND)

    @property
    def moves(self) -> bool:
        """Whether the question asks for a place or an arrival."""
        return any(
            part.want is Want.ARRIVAL
            or (part.want is Want.STATE and any(word in self.wish.text for word in WHERE))
            for part in self.parts
        )


def write_for(turn: Turn, offers: list[Offer], known: Known) -> Filled | None:
    """The write that a wish for a change means, filled as far as possible."""
    if turn.wish.aim is not Aim.CHANGE and not turn.wish.requests:
        return None
    made = [
        (fit, filled)
        for one in offers
        if one.is_write
        and (filled := known.filled(one)) is not None
        and (fit := _write_fit(turn, filled))
    ]
    if not made:
        return None
    return max(made, key=lambda one: one[0] - len(one[1].missing) * 0.5)[1]


def remedy_for(turn: Turn, offers: list[Offer], known: Known) -> Filled | None:
    """The write that puts right what a question tells to be wrong of a known thing: "抬头错了"."""
    wish = turn.wish
    if wish.aim in (Aim.CHANGE, Aim.CHECK) or not wish.faults:
        return None
    for offer in offers:
        if not offer.is_write or not offer.acts & MENDING or not _names_text(offer, wish):
            continue
        filled = known.filled(offer)
        if filled is None or not offer.about & (wish.subjects | turn.shown):
            continue
        # It is known which thing is meant, if anything is missing it is what will be right.
        if filled.values and not set(filled.missing) & set(offer.fields):
            return filled
    return None


def _names_text(offer: Offer, wish: Wish) -> bool:
    """Whether a clause with a fault names what a text of the tool would put right."""
    ends = [
        plain(label).split()[-1] if label.isascii() else plain(label)[-2:]
        for name in offer.properties
        if name not in offer.fields
        for label in offer.labels.get(name, {}).values()
        if label.strip()
    ]
    return any(len(end) > 1 and end in fault for end in ends for fault in wish.faults)


def reads_for(turn: Turn, offers: list[Offer], known: Known) -> list[Filled]:
    """The reads to call, best first; one that misses a value stands alone."""
    if turn.wish.aim is Aim.CHANGE:
        return []
    made = []
    for offer in offers:
        if offer.is_write or (turn.wish.aim is Aim.NONE and not _may_read_unasked(turn, offer)):
            continue
        filled = known.filled(offer)
        fit = 0.0 if filled is None else _read_fit(turn, filled)
        if filled is not None and fit > 0:
            made.append((fit, filled))
    made.sort(key=lambda one: -one[0])
    ready = [filled for _, filled in made if not filled.missing]
    if ready:
        typed = [one for one in ready[1:] if one.values and one.source is Source.QUESTION]
        return [ready[0], *(one for one in typed if not _same(one, ready[0]))][:MOST_READS]
    return [filled for _, filled in made[:1] if _may_ask(turn, filled)]


def before(write: Filled, offers: list[Offer], known: Known) -> Filled | None:
    """The read that tells how the thing stands that a write changes, if one is filled."""
    made = []
    for offer in offers:
        shared = offer.subjects & write.offer.about
        if offer.is_write or not shared or not offer.required:
            continue
        filled = known.filled(offer)
        if filled and not filled.missing and not filled.doubtful() and _same(filled, write):
            made.append((offer.checks, len(shared), filled))
    return max(made, key=lambda one: one[:2])[2] if made else None


def _same(read: Filled, write: Filled) -> bool:
    """Whether both are about one thing: a value of the write's."""
    values = write.arguments.values()
    return any(read.values[name].value in values for name in read.offer.required)


def _by_number(offer: Offer, wish: Wish, filled: Filled) -> bool:
    """Whether an act and a typed number mean a tool: one whose thing no table knows, or
    where the act stands alone in its clause."""
    if wish.subjects or filled.missing or not filled.values:
        return False
    if offer.subjects and not wish.act_alone:
        return False
    return filled.source is Source.QUESTION and any(
        "pattern" in offer.properties[name] for name in offer.required
    )


def _is_reverse(offer: Offer, wish: Wish) -> bool:
    """Whether one of wish and tool undoes what the other does: "重新预约" and "取消预约"."""
    if "cancel" in offer.acts:
        return not wish.requests and not wish.acts & UNDOING
    return not offer.acts and bool(terms.UNDOES.search(wish.text))


def _is_of_another_part(offer: Offer, wish: Wish) -> bool:
    """Whether a wish is for another thing of what has the number: "取消订单 1 的提醒"."""
    if not wish.part or terms.found(terms.ACTS, wish.part) == wish.acts:
        return False
    return not terms.found(terms.SUBJECTS, wish.part) & (offer.subjects or offer.about)


def _write_fit(turn: Turn, filled: Filled) -> float:
    """0 where the write is not what the wish means."""
    wish, offer = turn.wish, filled.offer
    said = _said(offer, wish)
    subjects = wish.subjects & offer.about
    common = wish.acts & offer.acts
    if _is_reverse(offer, wish):
        return 0.0
    is_near = any(one in wish.acts and two in offer.acts for one, two in terms.NEAR_ACTS)
    by_picture = wish.act_alone or _names_text(offer, wish)
    shown = turn.shown & offer.subjects if by_picture else frozenset()
    if not common and not (is_near and (wish.subjects or shown) & offer.subjects):
        # No act that is known: the words of a request must be those of the title. A tool whose act
        # is known is wished by its act only: its title may be said of a thing that was done.
        return said if said >= NAMED and not offer.acts and offer.is_telling else 0.0
    if wish.subjects and not subjects:
        return 0.0
    if filled.missing and not wish.subjects and turn.kinds and not turn.kinds & offer.about:
        return 0.0  # "correct it" beside an invoice means no order
    is_meant = subjects or shown or wish.points or said >= NAMED
    if not is_meant and not _by_number(offer, wish, filled):
        return 0.0
    exact = len(wish.subjects & offer.subjects)
    if not exact and wish.subjects - offer.about:
        return 0.0  # the wish names another thing beside the one that the tool takes
    if _is_of_another_part(offer, wish):
        return 0.0
    return 1 + 2 * len(common) + exact + 0.5 * len(subjects) + said


def _read_fit(turn: Turn, filled: Filled) -> float:
    wish, offer = turn.wish, filled.offer
    if wish.aim is Aim.NONE and offer.required and not _is_given(turn, filled):
        return 0.0
    subjects = wish.subjects | (turn.kinds if wish.is_bare or not wish.subjects else frozenset())
    exact, about = subjects & offer.subjects, subjects & offer.about
    if not offer.required:
        return _fit_without_values(turn, offer, subjects)
    if filled.missing:
        implied = {"parcel"} if turn.moves and not wish.subjects else set()
        is_named = exact or implied & offer.subjects or _said(offer, wish) >= NAMED
        return 1.0 if is_named else 0.0
    source = filled.source
    if wish.subjects and not about and source is not Source.QUESTION:
        return 0.0
    if wish.is_bare and source is not Source.QUESTION and not turn.kinds & offer.subjects:
        return 0.0
    if source is Source.BEFORE and not (
        exact or (not wish.subjects and (wish.points or turn.moves))
    ):
        return 0.0
    moves = 0.5 if turn.moves and "parcel" in offer.subjects else 0.0
    checks = 1.0 if wish.aim is Aim.CHECK and offer.checks else 0.0
    return 4 - source + 2 * len(exact) + 0.5 * len(about) + moves + checks


def _may_read_unasked(turn: Turn, offer: Offer) -> bool:
    """Whether a question that no word marks as a look may be one: it gives a number, or asks in the
    words of a title."""
    wish = turn.wish
    if wish.by_rule or any(part.want is Want.VALUES for part in turn.parts):
        return False
    if _said(offer, wish) >= NAMED and (ASKING.search(wish.text) or wish.names_own):
        return True
    return bool(offer.required) and any(map(str.isdigit, wish.text))


def _is_given(turn: Turn, filled: Filled) -> bool:
    """Whether the question gives the number of its thing, or names what its picture shows."""
    if filled.missing or filled.source is Source.BEFORE:
        return False
    if filled.source is not Source.QUESTION:
        return _said(filled.offer, turn.wish) >= NAMED
    return any(any(map(str.isdigit, str(one.value))) for one in filled.values.values())


def _fit_without_values(turn: Turn, offer: Offer, subjects: frozenset[str]) -> float:
    """A read that needs nothing must be named: by its trouble, or by its words and "my"."""
    wish = turn.wish
    if "trouble" in offer.subjects:
        is_other = wish.subjects - {"trouble", "account", "password", "payment"}
        # A log tells of what happened last, which may be anything but the code that is asked about.
        is_shown = turn.names_code or (PICTURE.search(wish.text) and not turn.facts.pictures)
        return 2.0 if "trouble" in subjects and not is_other and not is_shown else 0.0
    if wish.is_bare or not wish.is_own or not _said(offer, wish):
        return 0.0
    return 1 + _said(offer, wish)


def _said(offer: Offer, wish: Wish) -> float:
    """The share of a title that a question says, in the language in which it says more: of its
    words, or of its Chinese characters."""
    shares = [len(offer.latin & wish.words) / len(offer.latin)] if offer.latin else []
    if offer.pairs:
        said = {at for at, pair in offer.pairs.items() if pair in wish.text}
        covered = said | {at + 1 for at in said}
        shares.append(len(covered) / len({*offer.pairs, *(at + 1 for at in offer.pairs)}))
    return max(shares, default=0.0)


def _may_ask(turn: Turn, filled: Filled) -> bool:
    """Whether a question is worth asking back for what a read misses."""
    is_own = turn.wish.is_own or WHERE_NOW.search(turn.wish.text)
    if len(filled.missing) != 1 or (turn.by_clause and not is_own):
        return False
    if turn.by_clause and sum(part.want is Want.HELP for part in turn.parts) > 1:
        return False  # a question back would leave the other parts without an answer
    return not turn.wish.is_bare

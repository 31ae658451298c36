"""The reply of a turn in which the company's systems may be asked: calls, a question back for what
is missing, or what the calls came to."""

import re
from typing import Any

from inference.lite.answering import (
    estimates,
    facts,
    helping,
    parts,
    showing,
    states,
    tool_results,
)
from inference.lite.answering.acting import deciding, denials, planning, terms
from inference.lite.answering.acting.arguments import Filled
from inference.lite.answering.acting.offers import Result, in_language, offered, results
from inference.lite.answering.acting.planning import Step
from inference.lite.answering.acting.wishes import WHAT_NOW
from inference.lite.answering.asking import Asking
from inference.lite.answering.clauses import whole
from inference.lite.answering.lookup import answers
from inference.lite.answering.markdown import plain
from inference.lite.answering.phrases import say
from inference.lite.answering.questions import (
    ASKING,
    HELP,
    LONG_NUMBER,
    MAX_QUESTION,
    Part,
    Want,
)
from inference.lite.answering.reply import Reply, together
from inference.lite.answering.scene import Scene
from inference.lite.conversation import Conversation
from inference.lite.desk import Desk
from inference.lite.field_text import plain as plain_words
from inference.lite.language import language_of

MAX_TEXT = 2_000  # characters of one result
MAX_REASON = 200
MAX_VALUE = 200
LOOK_UP_WORDS = 8  # beside the number: words, or Chinese characters
# A system that works and does not know the number: what a picture shows of it is the answer.
UNKNOWN = re.compile(r"没有受理|没有查到|did not accept|nothing was found")
STANDING = (Want.STATE, Want.ARRIVAL)
WORD = re.compile(r"[\u3400-\u9fff]|[A-Za-z]{1,40}")
YES = re.compile(
    r"\W{0,4}(?:我?(?:确认|同意|确定)(?:提交|执行|取消|修改|一下)?|好的?|可以|是的?|行|没问题|对|嗯|ok|okay|yes|yep|sure|confirm(?:ed)?"
    r"|i (?:confirm|agree)|go ahead|do it)(?:[的了吧啊]|,? please)?\W{0,4}",
    re.IGNORECASE,
)

NEVER_MIND = re.compile(
    r"\W{0,4}(?:那?就?算了吧?|先?不用了|先?不[办弄]了|没事了?|never ?mind|forget (?:it|about it)|no thanks|leave it)\W{0,4}",
    re.IGNORECASE,
)


def reply(conversation: Conversation) -> Reply | None:
    """None where no system has a part in the answer."""
    desk = conversation.desk or Desk()
    if not desk.tools and not desk.results:
        return None
    done = results(desk)
    if not done and NEVER_MIND.fullmatch(conversation.question[:MAX_REASON]):
        return Reply(say("never_mind", conversation.chinese), "smalltalk")
    if not done and (denied := _not_wished(conversation)):
        return denied
    step = deciding.step(conversation)
    if step.calls:
        return None if not step.write and _is_read(conversation) else Reply("", calls=step.calls)
    if done:
        return _told(conversation, done, step)
    if step.ask and not (step.write is None and _is_shown(conversation)):
        asked = Asking(conversation).for_(step.ask[0], **step.ask[1])
        return _behind_rule(asked, conversation) if step.write is None else asked
    return _typed_yes(conversation)


def _behind_rule(asked: Reply, conversation: Conversation) -> Reply:
    """The question back for a number. Where somebody asks what to do, the clause that answers
    comes before it: it holds whatever the number is."""
    scene = Scene(conversation)
    wants_rule = all(part.want is Want.HELP for part in scene.parts)
    if asked.outcome != "clarify" or not wants_rule or scene.desk.verdict != "answer":
        return asked
    return together([scene.from_clauses(scene.parts[0], scene.clauses[:1]), asked])


def _is_shown(conversation: Conversation) -> bool:
    """Whether its pictures answer a part of the message, so that nothing is asked for: "which
    tracking number do I have to track?", "where is it?" beside a tracking page."""
    scene = Scene(conversation)
    stands = any(map(states.stands, scene.readable))
    return any(
        (part.want is Want.STATE and stands)
        or (part.want is Want.VALUES and all(map(scene.known.values, part.fields)))
        or parts.shown(scene, part)
        for part in scene.parts
        if scene.readable
    )


def _is_read(conversation: Conversation) -> bool:
    """Whether its own pictures show all values that a message asks for; no system knows more."""
    scene = Scene(conversation)
    return bool(scene.known.own) and all(
        part.want not in STANDING and parts.is_shown(scene, part) for part in scene.parts
    )


def _not_wished(conversation: Conversation) -> Reply | None:
    """That what a message only denies is not done, and what becomes of its card."""
    chinese = conversation.chinese
    offer = denials.denied(conversation, offered(conversation.desk or Desk()))
    if offer is None:
        return None
    told = denials.told(offer, conversation.question, chinese)
    head = say("not_wished", chinese, title=plain(told["title"]), number=told["number"])
    card = say("old_card", chinese) if planning.waits(conversation.turns) else ""
    return Reply(("" if chinese else " ").join(filter(None, [head, card])), "answered")


def _told(conversation: Conversation, done: list[Result], step: Step) -> Reply:
    """The results, each once, then what follows from them."""
    chinese = conversation.chinese
    scene = Scene(conversation)
    replies = [Reply(one) for one in dict.fromkeys(_sentence(one, scene) for one in done)]
    shown: dict[Part, str] = {}
    served = any(one.status in ("done", "proposed") for one in done)
    failed = any(one.status in ("failed", "refused") for one in done)
    if not served and not step.write and (shown := _of_pictures(scene)):
        if all(UNKNOWN.search(one.reason) for one in done):
            return _by_pictures(scene, shown, replies)
        replies = [Reply(" ".join(dict.fromkeys(shown.values()))), *replies]
    if step.refusal and step.write:
        title = step.write.offer.entitled(chinese)
        replies.append(Reply(say("not_proposed", chinese, title=plain(title))))
    # Where a change is wished, a clause that merely fits the words would only distract.
    asks_help = bool(WHAT_NOW.search(plain_words(conversation.question[:MAX_TEXT])))
    is_proposed = any(one.status == "proposed" for one in done)
    if (asks_help or not (served and step.write)) and not is_proposed:
        replies += _beside(scene, served=served, shown=bool(shown))
    if step.instead and is_proposed:
        replies.append(Reply(say("old_card", chinese)))
    if step.later:
        replies.append(Reply(_later(step.later, chinese)))
    if step.ask and step.write:
        replies.append(Asking(conversation).for_(step.ask[0], **step.ask[1]))
    if failed:
        replies.append(Asking(conversation).person())
    made = together(replies)
    asks = any(one.outcome == "clarify" for one in replies)
    outcome = "clarify" if asks else "answered" if served else "handoff"
    return Reply(made.text, outcome, made.citations)


def _by_pictures(scene: Scene, shown: dict[Part, str], unknown: list[Reply]) -> Reply:
    """What one has, where no system knows its number. That no system does matters to who asks how
    something stands, and to what the pictures leave open."""
    left = [part for part in scene.parts if part not in shown]
    by_card = any(answers.of_cards(scene, part) for part in shown)
    matters = left or (not by_card and any(part.want in STANDING for part in shown))
    rules = [_clause(scene, part, served=False) for part in left]
    told = Reply(" ".join(dict.fromkeys(shown.values())))
    return together([told, *(unknown if matters else []), *filter(None, rules)])


def _beside(scene: Scene, *, served: bool, shown: bool) -> list[Reply]:
    """The clause that serves too. Where no system answered, also what the pictures show, unless
    it is `shown` before."""
    told = {} if served or shown else _of_pictures(scene)
    found = [Reply(" ".join(told.values()))] if told else []
    for part in scene.parts:
        made = _clause(scene, part, served=served)
        if made and made.citations:
            found.append(made)
    return found


def _clause(scene: Scene, part: Part, *, served: bool) -> Reply | None:
    if not scene.clauses or scene.desk.verdict != "answer":
        return None
    if part.want is Want.SUMMARY:
        is_error = any(facts.kind_of(one) == "error" for one in scene.readable)
        return showing.reply(scene, part) if is_error else None
    if part.want is Want.HELP and any(facts.kind_of(one) == "error" for one in scene.known.own):
        return helping.reply(scene, part)
    is_rule = part.want is Want.HELP and not _is_order(part) and not _is_look_up(part)
    wants_clause = (is_rule and not part.only_names) or not served
    # Beside a system's word only the clause that fits best; others would only distract.
    serving = [
        one
        for one in scene.clauses
        if part.want is not Want.STATE or not states.says_delivered(whole(one), scene.readable)
    ]
    return scene.from_clauses(part, serving[:1]) if wants_clause and serving else None


def _is_order(part: Part) -> bool:
    """Whether a part tells what to do and asks nothing."""
    return bool(terms.found(terms.ACTS, plain_words(part.text))) and not ASKING.search(part.text)


def _is_look_up(part: Part) -> bool:
    """Whether a part only names what to look up: "Track parcel YT7736281940563"."""
    rest = LONG_NUMBER.sub(" ", part.text[:MAX_QUESTION])
    is_short = len(WORD.findall(rest)) <= LOOK_UP_WORDS
    return rest != part.text and is_short and not (ASKING.search(rest) or HELP.search(rest))


def _of_pictures(scene: Scene) -> dict[Part, str]:
    """What the pictures say to each part that they answer."""
    if cards := [card for part in scene.parts if (card := answers.of_cards(scene, part))]:
        return dict(zip(scene.parts, [one.text for one in cards], strict=False))
    told = {
        part: states.told(part.text, scene.known, scene.chinese)
        if part.want in (*STANDING, Want.SUMMARY)
        else parts.shown(scene, part)
        for part in scene.parts
    }
    return {part: text for part, text in told.items() if text}


def _sentence(result: Result, scene: Scene) -> str:
    chinese = scene.chinese
    if result.status == "done":
        text = _lines(estimates.alone(result.text[:MAX_TEXT], scene.parts))
        text = text or tool_results.listed(dict(result.values))
        return text + say("just_now", chinese, system=plain(result.system(chinese)))
    if result.status == "proposed":
        return _proposed(result, chinese)
    if result.status == "refused":
        head = say("not_accepted", chinese, title=plain(result.entitled(chinese)))
    else:
        head = say("no_result", chinese, system=plain(result.system(chinese)))
    end = "。" if chinese else "."
    reason = plain(result.reason[:MAX_REASON]).strip().rstrip("。.")
    if reason and language_of(reason) in ("", "zh" if chinese else "en"):
        head += say("reason", chinese, reason=reason)
    return head + end


def _lines(text: str) -> str:
    return "\n".join(filter(None, (plain(line).strip() for line in text[:MAX_TEXT].splitlines())))


def _proposed(result: Result, chinese: bool) -> str:
    """What will happen, each argument said back, and whose word it waits for."""
    action = result.action
    title = plain(in_language(action.get("title") or {}, chinese) or result.entitled(chinese))
    arguments = action.get("arguments") or result.arguments
    told = [_argument(name, value, action, chinese) for name, value in arguments.items()]
    listed = ("；" if chinese else "; ").join(told)
    phrase = "proposed" if told else "proposed_bare"
    waits = "waits_for_staff" if action.get("by") == "staff" else "waits_for_you"
    if waits == "waits_for_you" and action.get("id") and not action.get("conversation_id"):
        waits = "waits_for_api"  # of a program, which shows no card
    head = say(phrase, chinese, title=title, arguments=listed)
    return head + ("" if chinese else " ") + say(waits, chinese, id=str(action.get("id")))


def _later(later: Filled, chinese: bool) -> str:
    """What of a message is still to come: one change is prepared at a time."""
    values = [
        say("argument", chinese, name=later.offer.called(name, chinese), value=plain(str(value)))
        for name, value in later.arguments.items()
    ]
    listed = ("；" if chinese else "; ").join(values)
    title = plain(later.offer.entitled(chinese))
    return say("later_wish", chinese, title=title, arguments=listed)


def _argument(name: str, value: Any, action: Any, chinese: bool) -> str:
    label = in_language((action.get("labels") or {}).get(name) or {}, chinese) or name
    old = (action.get("before") or {}).get(name)
    phrase = "argument" if old is None or old == value else "argument_changed"
    shown = [plain(str(one)[:MAX_VALUE]) for one in (value, old)]
    return say(phrase, chinese, name=plain(label), value=shown[0], old=shown[1])


def _typed_yes(conversation: Conversation) -> Reply | None:
    """That a typed "yes" behind a proposal confirms nothing, and what does."""
    waits = planning.waits(conversation.turns)
    if not waits or not YES.fullmatch(conversation.question[:MAX_REASON]):
        return None
    answer = "confirm_on_card" if waits == "waits_for_you" else "confirm_by_staff"
    return Reply(say(answer, conversation.chinese), "clarify")

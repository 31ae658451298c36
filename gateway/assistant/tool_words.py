"""What the assistant itself says about tools, where no language model may choose the words: a
failure, a proposal, what is missing."""

from collections.abc import Mapping, Sequence
from string import Template
from typing import Any

from gateway.assistant.language import Language
from gateway.assistant.tool_results import ToolResult
from gateway.connectors.reasons import REASONS, WITH_WORDS
from gateway.connectors.tool import NOT_FOUND, Refused, Tool, Unsure

MAX_WORDS = 200  # characters of a system's own words
MAX_VALUE = 120  # characters of an argument that is said back
# In a sentence of ours a system's words format nothing.
MARKS = str.maketrans(dict.fromkeys("[]<>`*_#|\\", " "))
NO_ARGUMENTS: Mapping[str, Any] = {}
SENTENCES: dict[Language, dict[str, Template]] = {
    "zh": {
        "failed": Template("“$title”没有成功：$reason。"),
        "nothing": Template("“$title”：$reason。"),
        "nothing_for": Template("没有查到 $values 的记录"),
        "basis": Template("$text（$title，刚刚）"),
        "ask": Template("请提供$labels。"),
        "check": Template("“$title”需要的$labels不对，请核对后再发一次。"),
        "cannot": Template("“$title”没有执行：$reason。"),
        "customer": Template("将要$title$arguments。需要您确认，确认之前不会执行。"),
        "staff": Template("已提交“$title”的申请$arguments。需要客服同事批准，批准之前不会执行。"),
        "by_api": Template("申请编号 $id，请通过 POST /api/actions/$id/confirm 确认。"),
        "too_many": Template("查询了多次，仍然没有得到结果。"),
        "left_out": Template("您还提到了$named，这次没有为它提交申请。需要的话请单独再说一次。"),
    },
    "en": {
        "failed": Template('"$title" did not work: $reason.'),
        "nothing": Template('"$title": $reason.'),
        "nothing_for": Template("nothing was found for $values"),
        "basis": Template("$text ($title, just now)"),
        "ask": Template("Please give me: $labels."),
        "check": Template(
            '"$title" needs a correct value: $labels. Please check it and send it again.'
        ),
        "cannot": Template('"$title" was not done: $reason.'),
        "customer": Template(
            "To be done: $title$arguments. Please confirm it; nothing happens before that."
        ),
        "staff": Template(
            'Requested: "$title"$arguments. A colleague has to approve it; nothing happens before '
            "that."
        ),
        "by_api": Template("Its id is $id: confirm it with POST /api/actions/$id/confirm."),
        "too_many": Template("I asked several times and still have no result."),
        "left_out": Template(
            "You also named $named. Nothing was requested for it; please ask for it separately."
        ),
    },
}
JOINTS: dict[Language, tuple[str, str, str, str]] = {
    # between labels, between a label and its value, around the arguments
    "zh": ("、", " ", "（", "）"),
    "en": (", ", " ", " (", ")"),
}


def sentence(language: Language, name: str, /, **words: str) -> str:
    return SENTENCES[language][name].substitute(words)


def reason_of(
    outcome: Refused | Unsure, language: Language, arguments: Mapping[str, Any] = NO_ARGUMENTS
) -> str:
    """Why a call failed, as a part of a sentence; with the system's own words where it said any,
    and with the call's `arguments` where it has no record of them."""
    if outcome.kind == NOT_FOUND and arguments:
        values = JOINTS[language][0].join(_value(value) for value in arguments.values())
        return sentence(language, "nothing_for", values=values)
    known = REASONS[language]
    reason = known.get(outcome.kind) or known["broken"]
    words = plain(outcome.reason) if outcome.kind in WITH_WORDS else ""
    if not words:
        return reason
    return f"{reason}（{words}）" if language == "zh" else f"{reason} ({words})"


def plain(text: str) -> str:
    """Foreign words on one line, without what would format them."""
    return " ".join(text[:MAX_WORDS].translate(MARKS).split()).rstrip(".。 ")


def title_of(titles: Mapping[str, str], language: Language) -> str:
    return titles.get(language) or next(iter(titles.values()), "")


def labels_of(tool: Tool, names: Sequence[str], language: Language) -> str:
    return JOINTS[language][0].join(tool.label_of(name, language) for name in names)


def proposal(tool: Tool, result: ToolResult, language: Language) -> str:
    """What will happen, with every argument said back, and whose word it waits for. An action
    outside of a conversation has no card: it is confirmed by its id."""
    between, colon, before, after = JOINTS[language]
    said = between.join(
        f"{tool.label_of(name, language)}{colon}{_value(value)}"
        for name, value in result.arguments.items()
        if name not in tool.secrets
    )
    title = title_of(result.title, language)
    arguments = f"{before}{said}{after}" if said else ""
    told = sentence(language, tool.confirm.by, title=title, arguments=arguments)
    action = result.action or {}
    if tool.confirm.by != "customer" or action.get("conversation_id"):
        return told
    gap = "" if language == "zh" else " "
    return told + gap + sentence(language, "by_api", id=str(action.get("id", "")))


def with_basis(result: ToolResult, language: Language) -> str:
    """A result in words with the system that it comes from; "" where there are no words."""
    text = result.text.strip()
    title = title_of(result.title, language)
    return sentence(language, "basis", text=text, title=title) if text else ""


def _value(value: Any) -> str:
    return " ".join(str(value)[:MAX_VALUE].translate(MARKS).split())

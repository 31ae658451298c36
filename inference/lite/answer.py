"""The answer in words: values that were asked for, what the pictures show, and clauses."""

import re
from typing import Any

from inference.lite.compare import asks_to_compare, pair_of
from inference.lite.compare_words import compared
from inference.lite.conversation import Conversation
from inference.lite.field_names import ASKS_HELP, ASKS_NAME, ASKS_VALUE, ASKS_WHICH, NAMES
from inference.lite.reading import Field, Line, Reading

ABOUT_PICTURE = re.compile(
    r"图|截图|画面|屏幕|照片|这个|这张|显示|picture|image|screenshot|screen|shown?|this|see|read",
    re.IGNORECASE,
)
GREETING = re.compile(
    (
        r"^\W{0,20}(?:你好|您好|嗨|哈喽|在吗|在么|hi|hello|hey|good (?:morning|afternoon"
        r"|evening))\W{0,20}$"
    ),
    re.IGNORECASE,
)
WHO = re.compile(
    r"你是谁|你是什么|介绍一下你|你能做什么|who are you|what are you|what can you do", re.IGNORECASE
)
MAX_CLAUSES = 3
SECOND_SHARE = 0.72  # of the best clause's score, from which a further clause is quoted
MAX_QUOTE = 900  # characters of a clause
MAX_LISTED = 12  # fields or lines of a picture


def answer(conversation: Conversation) -> str:
    """Markdown in the question's language, made only of the conversation, readings and clauses."""
    return "\n\n".join(filter(None, [_answered(conversation), _in_part(conversation)]))


def _in_part(conversation: Conversation) -> str:
    if not any(reading.partial for reading in conversation.last_user.readings):
        return ""
    if conversation.chinese:
        return "图片目前只读了一部分，以上不一定完整；稍后再问一次即可看到全部内容。"
    return (
        "Only a part of the pictures has been read so far, so this may be incomplete. "
        "Ask again in a moment for the rest."
    )


def _answered(conversation: Conversation) -> str:
    if conversation.turns and conversation.turns[-1].role == "tool":
        return _from_tool(conversation)
    if conversation.clauses is None:
        return _raw(conversation)
    pictures = conversation.last_user.readings
    comparable = _to_compare(conversation)
    if comparable:
        return compared(*comparable, conversation.chinese, conversation.budget)
    if not pictures and (
        GREETING.search(conversation.question) or WHO.search(conversation.question)
    ):
        return _about_itself(conversation.chinese)
    asked = _asked_fields(conversation)
    parts = []
    if asked and (pictures or _is_about_values(conversation, asked)):
        parts.append(_values(asked, conversation.chinese))
    elif pictures:
        parts.append(_shown(pictures, conversation.chinese))
    wants_clause = not asked or bool(ASKS_HELP.search(conversation.question))
    if asked and not pictures and not parts:
        wants_clause = True
    if wants_clause:
        parts.append(_clauses(conversation.clauses, conversation.chinese, bool(parts)))
    return "\n\n".join(filter(None, parts))


def _to_compare(conversation: Conversation) -> tuple[list[Reading], list[Reading]] | None:
    """The newest two documents if the question asks how they differ."""
    if not asks_to_compare(conversation.question):
        return None
    return pair_of(conversation.last_user.readings, conversation.readings)


def _asked_fields(conversation: Conversation) -> list[Field]:
    """The fields that the question names: from its pictures, else the newest from before."""
    question = conversation.question
    if not ASKS_VALUE.search(question):
        return []
    here = [one for reading in conversation.last_user.readings for one in reading.fields]
    known = here or _before(conversation)
    asked: list[Field] = []
    for name, pattern in ASKS_NAME.items():
        if not pattern.search(question):
            continue
        values = list(dict.fromkeys(one.value for one in known if one.name == name))
        if name == "amount":
            values.sort(key=lambda value: value[0] not in "¥$€£")  # the total has a currency sign
            values = values[:1]
        limit = 4 if here else 1
        asked += [
            next(one for one in known if one.value == value and one.name == name)
            for value in values[:limit]
        ]
    return asked


def _before(conversation: Conversation) -> list[Field]:
    """Fields from before the question: a value that the question itself quotes is no answer."""
    earlier = Conversation(conversation.turns[:-1], conversation.clauses, conversation.budget)
    return earlier.known_fields()


def _is_about_values(conversation: Conversation, asked: list[Field]) -> bool:
    """Whether a question without a picture asks for a value.

    "What was my order number" does; "I have an order, how do I return it" does not.
    """
    question = conversation.question
    return not ASKS_HELP.search(question) or bool(ASKS_WHICH.search(question))


def _values(asked: list[Field], chinese: bool) -> str:
    lines = []
    for one in asked:
        name = NAMES[one.name][0 if chinese else 1]
        doubt = ""
        if one.valid is False:
            doubt = (
                "(格式校验未通过，请核对)"
                if chinese
                else " (its check digit or form does not hold; please verify)"
            )
        lines.append(
            f"{name}：**{_plain(one.value)}**{doubt}"
            if chinese
            else f"{name.capitalize()}: **{_plain(one.value)}**{doubt}"
        )
    return "\n\n".join(lines)


def _shown(pictures: list[Reading], chinese: bool) -> str:
    """What each picture shows: its headline, then error codes, then other fields."""
    parts = []
    for number, reading in enumerate(pictures, start=1):
        if not reading.lines and reading.partial:
            continue
        if not reading.lines:
            parts.append(
                "图中没有读到文字。" if chinese else "No text could be read in the picture."
            )
            continue
        name = (
            (f"第 {number} 张图" if chinese else f"Picture {number}")
            if len(pictures) > 1
            else ("图中" if chinese else "The picture")
        )
        headline = _headline(reading.lines)
        head = (
            f"{name}显示：**{_plain(headline)}**"
            if chinese
            else f"{name} shows: **{_plain(headline)}**"
        )
        codes = sorted(reading.fields, key=lambda one: one.name != "error_code")
        listed = [
            f"- {_label(one.name, chinese)}: {_plain(one.value)}" for one in codes[:MAX_LISTED]
        ]
        if not listed:
            listed = [
                f"- {_plain(line.text)}"
                for line in reading.lines[:MAX_LISTED]
                if line.text != headline
            ]
        parts.append("\n".join([head, "", *listed]))
    return "\n\n".join(parts)


def _headline(lines: list[Line]) -> str:
    """The line in the largest type: browsers and apps show the main message like that."""
    wordy = [line for line in lines if len(re.sub(r"\W", "", line.text)) >= 4] or lines
    return max(wordy, key=lambda line: line.box[3]).text


def _clauses(clauses: list[dict[str, Any]], chinese: bool, after_picture: bool) -> str:
    if not clauses:
        if chinese:
            return (
                "知识库里没有找到能回答这个问题的条款，我不能替公司编造答案。"
                "您可以换个说法再问，或转人工处理。"
            )
        return (
            "The knowledge base has no clause that answers this, and I will not make one up. "
            "Please ask in other words, or have it handed over to a person."
        )
    best = float(clauses[0].get("score") or 1.0)
    chosen = [
        clause
        for clause in clauses[:MAX_CLAUSES]
        if float(clause.get("score") or best) >= SECOND_SHARE * best
    ]
    quotes = [
        f"{reference(clause, chinese)}\n\n{_quoted(str(clause.get('text') or ''))}"
        for clause in chosen
    ]
    head = ("处理依据：" if chinese else "What to do:") if after_picture else ""
    return "\n\n".join(filter(None, [head, *quotes]))


def reference(clause: dict[str, Any], chinese: bool) -> str:
    """The line above a quote: the document's title and the clause's number."""
    title = _plain(str(clause.get("title") or ""))
    number = _plain(str(clause.get("clause") or ""))
    if chinese:
        named = number if number.startswith("第") else f"第 {number} 条"
        return f"根据《{title}》{named if number else ''}："
    return f"According to “{title}”{f', clause {number}' if number else ''}:"


def _quoted(text: str) -> str:
    text = text if len(text) <= MAX_QUOTE else text[:MAX_QUOTE].rstrip() + "…"
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def _from_tool(conversation: Conversation) -> str:
    results: list[str] = []
    for turn in reversed(conversation.turns):
        if turn.role != "tool":
            break
        results.insert(0, turn.text.strip())
    text = "\n".join(f"> {line}" for result in results for line in result[:2000].splitlines())
    return f"系统返回：\n\n{text}" if conversation.chinese else f"The system answered:\n\n{text}"


def _raw(conversation: Conversation) -> str:
    """The answer as the raw model, without clauses: the pictures' text, or an introduction."""
    chinese = conversation.chinese
    comparable = _to_compare(conversation)
    if comparable:
        return compared(*comparable, conversation.chinese, conversation.budget)
    pictures = conversation.last_user.readings or conversation.readings
    if not pictures:
        asked = _asked_fields(conversation)
        return _values(asked, chinese) if asked else _about_itself(chinese)
    parts = []
    asked = _asked_fields(conversation)
    if asked:
        parts.append(_values(asked, chinese))
    for reading in pictures:
        lines = "\n".join(f"> {line.text}" for line in reading.lines)
        parts.append(
            ("图中文字：\n\n" if chinese else "The picture reads:\n\n") + lines
            if lines
            else _shown([reading], chinese)
        )
    return "\n\n".join(parts)


def _about_itself(chinese: bool) -> str:
    if chinese:
        return (
            "您好，我是 SightDesk 的内置引擎，不是大语言模型。我能读取截图里的文字和单号、错误代码，"
            "引用公司知识库的条款，比较两张图的差异。请发截图或直接提问。"
        )
    return (
        "Hello, I am SightDesk's embedded engine, not a language model. I read "
        "text, numbers and "
        "error codes in screenshots, quote the company's clauses and compare two pictures. "
        "Send a screenshot or ask."
    )


def _label(name: str, chinese: bool) -> str:
    names = NAMES.get(name)
    return names[0 if chinese else 1] if names else name


def _plain(text: str) -> str:
    """Escapes Markdown in text from outside."""
    return re.sub(r"([\\`*<>\[\]|~])", r"\\\1", text)

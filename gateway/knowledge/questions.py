"""The common questions that the page offers, from questions.toml."""

import tomllib
from typing import Any

QUESTIONS_FILE = "questions.toml"
MAX_GROUPS = 50
MAX_QUESTIONS = 50  # of one group
MAX_LOCALES = 20
MAX_CHARS = 500

Questions = list[dict[str, Any]]


def read_questions(text: str) -> tuple[Questions, list[str]]:
    """Returns ([{title: {locale: text}, questions: [{locale: text}]}], problems).

    A group or question with a fault is left out and named among the problems. Never raises.
    """
    try:
        groups = tomllib.loads(text).get("group", [])
    except RecursionError:
        return [], ["is nested too deeply"]
    except ValueError as error:
        return [], [f"cannot be used: {error}"]
    problems: list[str] = []
    made: Questions = []
    for number, group in enumerate(_list(groups, MAX_GROUPS, "group", problems), start=1):
        if not isinstance(group, dict):
            problems.append(f"group {number} is no table")
        elif title := _texts(group.get("title"), f"the title of group {number}", problems):
            listed = _list(
                group.get("questions", []), MAX_QUESTIONS, f"questions of group {number}", problems
            )
            texts = [
                _texts(asked, f"question {at} of group {number}", problems)
                for at, asked in enumerate(listed, start=1)
            ]
            made.append({"title": title, "questions": [one for one in texts if one]})
    return made, problems


def _list(value: Any, max_length: int, name: str, problems: list[str]) -> list[Any]:
    if not isinstance(value, list):
        problems.append(f"{name} is no list")
        return []
    if len(value) > max_length:
        problems.append(f"{name} has {len(value)} entries; only the first {max_length} are used")
    return value[:max_length]


def _texts(value: Any, name: str, problems: list[str]) -> dict[str, str] | None:
    """{locale: text}; None for anything else, with the reason among the problems."""
    if not isinstance(value, dict) or not 1 <= len(value) <= MAX_LOCALES:
        problems.append(f"{name} is no table of 1 to {MAX_LOCALES} texts by locale")
        return None
    for locale, text in value.items():
        if (
            not isinstance(text, str)
            or not text.strip()
            or len(text) > MAX_CHARS
            or len(locale) > MAX_LOCALES
        ):
            problems.append(
                f"{name}: {locale[:MAX_LOCALES]} is no text of 1 to {MAX_CHARS} characters"
            )
            return None
    return value

"""Which files are translations of each other: those at the same path in folders of languages.

`zh/shipping.md` and `en/shipping.md` are; `phones/returns.md` and `laptops/returns.md` are not.
"""

import re

# `it`, `hr`, `id`, `no` and the like name departments more often than languages: with a region
# only, as in `it-IT`.
LANGUAGE_FOLDER = re.compile(
    "(?:ar|cs|da|de|el|en|es|fa|fi|fr|he|hi|hu|ja|jp|ko|ms|nl|pl|pt|ro|ru|sv|ta|th|tr|uk|ur|vi|zh)"
    "(?:[-_](?:[a-z]{2}|[a-z]{4}))?|[a-z]{2}[-_][a-z]{2}"
    "|chinese|english|中文|英文|中文版|英文版|简体|繁体|简体中文|繁體中文|日本語|한국어",
    re.IGNORECASE,
)
MAX_FOLDER_CHARS = 40


def language_of(path: str) -> tuple[str, str]:
    """("zh-CN", "*/shipping.md") of "zh-CN/shipping.md"; ("", "") outside of language folders.

    The first folder of the path that names a language counts.
    """
    folders = path.split("/")
    for number, folder in enumerate(folders[:-1]):
        if len(folder) <= MAX_FOLDER_CHARS and LANGUAGE_FOLDER.fullmatch(folder):
            return folder, "/".join([*folders[:number], "*", *folders[number + 1 :]])
    return "", ""


def pair_of(path: str, number: str) -> str:
    """What a numbered clause of the file shares with its translations; "" where it can have none."""
    neutral = language_of(path)[1]
    return f"{neutral}#{number}" if neutral and number else ""

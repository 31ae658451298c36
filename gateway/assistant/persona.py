"""The company's voice, from `assistant.toml` in the knowledge folder (docs/knowledge.md)."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from gateway.assistant.handoff_rules import HandoffRule, read_rules
from gateway.knowledge.version import version_of

Texts = Mapping[str, str]  # {"zh": …, "en": …}
LoadPicture = Callable[[str], str]
LANGUAGES = {"zh": "zh", "zh-CN": "zh", "en": "en"}  # as files write them → as they are kept
MAX_TEXT = {
    "name": 60,
    "company": 120,
    "greeting": 500,
    "tone": 500,
    "refusal": 500,
    "handoff_offer": 500,
    "instructions": 4000,
}
NEUTRAL = {
    "name": {"zh": "客服助手", "en": "the assistant"},
    "company": {"zh": "本公司", "en": "this company"},
    "greeting": {
        "zh": "您好，请问有什么可以帮您？可以直接提问，也可以发截图。",
        "en": "Hello. How can I help? Ask a question, or send a screenshot.",
    },
    "tone": {"zh": "礼貌、简洁、具体。", "en": "Polite, brief and concrete."},
    "refusal": {
        "zh": "抱歉，知识库中没有能回答这个问题的条款。需要的话，我可以为您转接人工客服。",
        "en": "Sorry, no clause in the knowledge base answers this. I can hand you over to a person.",
    },
    "handoff_offer": {
        "zh": "我可以为您转接人工客服，请点击“转人工”。",
        "en": 'I can hand you over to a person: choose "Talk to a person".',
    },
    "instructions": {"zh": "", "en": ""},
}
ACCENT = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
# What the page's img-src allows.
PICTURE = re.compile(
    r"data:image/(?:png|jpeg|webp|svg\+xml);base64,[A-Za-z0-9+/=]{1,140000}|/assets/[\w./-]{1,200}"
)
FILE_NAME = re.compile(r"(?<![\w-])[\w-]{1,60}\.(png|jpg|jpeg|webp|svg)")
PICTURE_FORMS = "a picture beside assistant.toml, a path under /assets/ or a data URL"
MAX_STARTERS = 12
MAX_STARTER = 200  # characters
TOP = frozenset((*MAX_TEXT, "logo", "accent", "starters", "handoff"))


def _neutral(name: str) -> Texts:
    return MappingProxyType(NEUTRAL[name])


@dataclass(frozen=True, slots=True)
class Starter:
    """A question to begin with. `picture`: the URL of a sample picture, or ""."""

    text: Texts
    picture: str = ""


@dataclass(frozen=True, slots=True)
class Persona:
    """Every text has both languages: one that the file leaves out is the neutral one. `version`: a
    digest of the file; "" without one."""

    name: Texts = field(default_factory=lambda: _neutral("name"))
    company: Texts = field(default_factory=lambda: _neutral("company"))
    greeting: Texts = field(default_factory=lambda: _neutral("greeting"))
    tone: Texts = field(default_factory=lambda: _neutral("tone"))
    refusal: Texts = field(default_factory=lambda: _neutral("refusal"))
    handoff_offer: Texts = field(default_factory=lambda: _neutral("handoff_offer"))
    instructions: Texts = field(default_factory=lambda: _neutral("instructions"))
    logo: str = ""
    accent: str = ""
    starters: tuple[Starter, ...] = ()
    handoffs: tuple[HandoffRule, ...] = ()  # when a person is offered
    version: str = field(default="", compare=False)

    def for_lite(self) -> dict[str, dict[str, str]]:
        """The engine seam's `persona`: texts by language (docs/architecture.md)."""
        names = ("name", "company", "greeting", "refusal", "handoff_offer", "tone")
        return {name: dict(getattr(self, name)) for name in names}

    def for_page(self) -> dict[str, Any]:
        """`assistant` in GET /api/config, by the page's locales. `instructions` stay here."""
        names = ("name", "company", "greeting", "tone", "refusal", "handoff_offer")
        return {
            # Whether the company has a voice of its own: the page keeps its own words otherwise.
            "is_own": self.name != NEUTRAL["name"],
            **{name: _by_locale(getattr(self, name)) for name in names},
            "logo": self.logo or None,
            "accent": self.accent or None,
            "starters": [
                {"text": _by_locale(one.text), "picture": one.picture or None}
                for one in self.starters
            ],
        }


def _by_locale(texts: Texts) -> dict[str, str]:
    return {"zh-CN": texts["zh"], "en": texts["en"]}


def no_picture(name: str) -> str:
    """For a persona without a folder."""
    raise FileNotFoundError(f"there is no file {name}")


def read_persona(text: str, load: LoadPicture = no_picture) -> tuple[Persona | None, list[str]]:
    """(the persona, problems). What is wrong is left out and named; None where the whole file
    cannot be used. Never raises.

    `load` gives the data URL of a picture beside the file; it may raise OSError.
    """
    try:
        data = tomllib.loads(text)
    except RecursionError:
        return None, ["is nested too deeply"]
    except ValueError as error:
        return None, [f"cannot be used: {str(error)[:200]}"]
    problems = [f"{name[:40]!r} is not known here" for name in data if name not in TOP]
    given: dict[str, Any] = {}
    for name, longest in MAX_TEXT.items():
        if name in data:
            given[name] = _texts(data[name], name, longest, problems, NEUTRAL[name])
    accent = data.get("accent", "")
    if accent and not (isinstance(accent, str) and ACCENT.fullmatch(accent)):
        problems.append("accent is not a colour such as #1a7f5a")
    elif accent:
        given["accent"] = accent
    given["logo"] = _picture(data.get("logo", ""), "logo", load, problems)
    given["starters"] = _starters(data.get("starters", []), load, problems)
    given["handoffs"] = read_rules(data.get("handoff", []), problems)
    return Persona(**given, version=version_of((text,))), problems[:20]


def _texts(
    value: Any, name: str, longest: int, problems: list[str], neutral: Texts | None = None
) -> Texts:
    """Both languages. One text stands for both; a language that is left out is the neutral text,
    else the other language's."""
    given = {"zh": value, "en": value} if isinstance(value, str) else value
    made: dict[str, str] = {}
    for locale, text in given.items() if isinstance(given, dict) else ():
        language = LANGUAGES.get(locale)
        if language is None:
            problems.append(f"{name}: {locale[:20]!r} is no language; use zh or en")
        elif not isinstance(text, str) or len(text) > longest:
            problems.append(f"{name}: {locale} is no text of at most {longest} characters")
        elif text.strip():
            made[language] = text.strip()
    if not isinstance(given, dict):
        problems.append(f"{name} is no text, and no table of texts by language")
    others = neutral or dict.fromkeys(("zh", "en"), next(iter(made.values()), ""))
    return MappingProxyType({"zh": others["zh"], "en": others["en"], **made})


def _picture(value: Any, name: str, load: LoadPicture, problems: list[str]) -> str:
    """A URL for the page, "" where there is none or a wrong one."""
    if value == "":
        return ""
    if isinstance(value, str) and PICTURE.fullmatch(value):
        return value
    if not isinstance(value, str) or not FILE_NAME.fullmatch(value):
        problems.append(f"{name} is not {PICTURE_FORMS}")
        return ""
    try:
        return load(value)
    except OSError as error:
        problems.append(f"{name}: {value} {error.strerror or error}")
        return ""


def _starters(value: Any, load: LoadPicture, problems: list[str]) -> tuple[Starter, ...]:
    if not isinstance(value, list):
        problems.append("starters is no list")
        return ()
    if len(value) > MAX_STARTERS:
        problems.append(f"starters has {len(value)} entries; only the first {MAX_STARTERS} count")
    made = []
    for number, one in enumerate(value[:MAX_STARTERS], start=1):
        name = f"starter {number}"
        text = one.get("text") if isinstance(one, dict) else one
        texts = _texts(text, name, MAX_STARTER, problems)
        given = one.get("picture", "") if isinstance(one, dict) else ""
        picture = _picture(given, f"the picture of {name}", load, problems)
        if texts["zh"]:
            made.append(Starter(texts, picture))
    return tuple(made)

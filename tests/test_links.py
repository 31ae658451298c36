"""Links in Markdown: every file and every heading that a relative link names is there."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.support.paths import ROOT
from tests.test_house import tracked

ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
# Of a heading GitHub keeps letters of every script, digits, _ and -.
DROPPED = re.compile(r"[^\w\- ]")
HTML_TARGET = re.compile(r"""(?:src|href)\s*=\s*["']([^"']+)["']""")
HTML_ANCHOR = re.compile(r"""\b(?:id|name)\s*=\s*["']([^"']+)["']""")
MARKDOWN = MarkdownIt("commonmark").enable("table")


def test_every_relative_link_leads_somewhere() -> None:
    broken = []
    files = [path for path in tracked() if path.suffix == ".md"]
    for path in files:
        for target in targets(path.read_text("utf-8")):
            reason = problem(path, target)
            if reason:
                broken.append(f"{path.relative_to(ROOT)}: {target}: {reason}")
    assert broken == []


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("there.md", ""),
        ("there.md#a-heading-with-code-and-中文", ""),
        ("there.md#twice", ""),
        ("there.md#twice-1", ""),
        ("there.md#by-hand", ""),
        ("#here", ""),
        (".", ""),
        ("https://example.com/nowhere", ""),
        ("mailto:desk@example.com", ""),
        ("gone.md", "no such file"),
        ("there.md#twice-2", "no such heading"),
        ("#gone", "no such heading"),
    ],
)
def test_what_counts_as_broken(tmp_path: Path, target: str, reason: str) -> None:
    (tmp_path / "there.md").write_text(
        "# A heading, with `code` and 中文！\n\n## Twice\n\n## Twice\n\n<a id='by-hand'></a>\n"
    )
    (tmp_path / "here.md").write_text(f"# Here\n\n[a link\nover lines]({target})\n")
    assert targets((tmp_path / "here.md").read_text()) == [target]
    assert problem(tmp_path / "here.md", target) == reason


def test_code_holds_no_links() -> None:
    assert targets("`[a](b.md)`\n\n```\n[c](d.md)\n```\n\n![e](f.png) <img src='g.png'>") == [
        "f.png",
        "g.png",
    ]


def problem(path: Path, target: str) -> str:
    """What is wrong with a link in `path`; empty where nothing is."""
    if ELSEWHERE.match(target):
        return ""
    name, _, anchor = unquote(target).partition("#")
    there = (path.parent / name) if name else path
    if not there.exists():
        return "no such file"
    if anchor and there.suffix == ".md" and anchor not in anchors(there):
        return "no such heading"
    return ""


def targets(text: str) -> list[str]:
    """Of links, pictures, and HTML in the text, in order."""
    found = []
    for token in tokens(text):
        if token.type == "link_open":
            found.append(str(token.attrGet("href")))
        elif token.type == "image":
            found.append(str(token.attrGet("src")))
        elif token.type in ("html_inline", "html_block"):
            found += HTML_TARGET.findall(token.content)
    return [unquote(target) for target in found]


@cache
def anchors(path: Path) -> frozenset[str]:
    """As GitHub makes them of headings; the second of a name ends with -1. And ids by hand."""
    text = path.read_text("utf-8")
    made: list[str] = []
    parsed = MARKDOWN.parse(text)
    for at, token in enumerate(parsed):
        if token.type == "heading_open":
            base = slug(parsed[at + 1])
            made.append(base if base not in made else next_of(base, made))
    return frozenset(made) | frozenset(
        name
        for token in tokens(text)
        if token.type in ("html_inline", "html_block")
        for name in HTML_ANCHOR.findall(token.content)
    )


def next_of(base: str, made: list[str]) -> str:
    number = 1
    while f"{base}-{number}" in made:
        number += 1
    return f"{base}-{number}"


def slug(heading: Token) -> str:
    text = "".join(
        child.content for child in heading.children or [] if child.type in ("text", "code_inline")
    )
    return DROPPED.sub("", text.lower()).replace(" ", "-")


def tokens(text: str) -> Iterator[Token]:
    for token in MARKDOWN.parse(text):
        yield token
        yield from token.children or []

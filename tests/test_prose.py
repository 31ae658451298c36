"""Prose: lines of at most 100 columns, and no document that names a path that does not exist."""

import ast
import io
import re
import tokenize
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from tests.support.paths import ROOT
from tests.test_house import tracked

MAX_COLUMNS = 100
PRAGMA = re.compile(r"# (?:type: ignore|noqa|fmt: )")
NAMED_PATH = re.compile(
    r"`((?:benchmarks|compose|docs|examples|frontend|gateway|inference|nginx|scripts|tests)/[\w./-]*\w/?)`"
)


def test_no_line_is_wider_than_100_columns() -> None:
    """Prose, comments, shell, YAML and JavaScript. ruff's formatter wraps Python code itself.

    Tables and lines with a URL cannot be wrapped. A clause of the sample knowledge is one line.
    """
    wide = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked()
        if not {"vendor", "knowledge"} & set(path.relative_to(ROOT).parts[:-1])
        for number, line in prose_lines(path)
        if columns(line) > MAX_COLUMNS and "://" not in line
    ]
    assert wide == []


def prose_lines(path: Path) -> Iterator[tuple[int, str]]:
    """(number, text) of each line that the limit holds for, from 1 on."""
    if path.suffix == ".py":
        yield from comments_and_docstrings(path.read_text("utf-8"))
    elif path.suffix in (".js", ".md", ".mjs", ".sh", ".yml") or is_script(path):
        is_markdown = path.suffix == ".md"
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if not (is_markdown and line.lstrip().startswith("|")):
                yield number, line


def is_script(path: Path) -> bool:
    return path.suffix == "" and path.read_bytes()[:2] == b"#!"


def comments_and_docstrings(source: str) -> Iterator[tuple[int, str]]:
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and not PRAGMA.match(token.string):
            yield token.start[0], lines[token.start[0] - 1]
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        first = body[0] if isinstance(body, list) and body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            for number in range(first.lineno, (first.end_lineno or first.lineno) + 1):
                yield number, lines[number - 1]


def columns(line: str) -> int:
    """Columns of a terminal: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)


def test_every_path_that_a_document_names_exists() -> None:
    """`gateway/…` and the like in backticks. A file that is planned says so."""
    missing = []
    for path in tracked():
        if path.suffix != ".md" or "corpora" in path.parts:
            continue
        for line in path.read_text("utf-8").splitlines():
            named = [] if "(planned)" in line else NAMED_PATH.findall(line)
            for name in named:
                if not (ROOT / name).exists():
                    missing.append(f"{path.relative_to(ROOT)}: {name}")
    assert missing == []

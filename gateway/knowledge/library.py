"""The knowledge folder: its clauses and common questions, reread when a file changes."""

import asyncio
import logging
import os
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from watchfiles import awatch

from gateway.knowledge.clauses import Clause, parse
from gateway.knowledge.index import Hit, Index, Query

log = logging.getLogger("sightdesk.knowledge")
MAX_FILE_BYTES = 1024 * 1024
MAX_CLAUSES = 50_000
RETRY_SECONDS = 5.0

Questions = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Problem:
    path: str
    message: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """What one reading of the folder gave."""

    index: Index
    questions: Questions
    problems: list[Problem]


class Library:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._shelf = read_folder(directory)
        self._report()

    @property
    def clauses(self) -> list[Clause]:
        return self._shelf.index.clauses

    @property
    def questions(self) -> Questions:
        """[{title: {locale: text}, questions: [{locale: text}]}]"""
        return self._shelf.questions

    @property
    def problems(self) -> list[Problem]:
        return self._shelf.problems

    def search(self, query: Query, limit: int = 5) -> list[Hit]:
        return self._shelf.index.search(query, limit)

    async def watch(self) -> None:
        """Runs until cancelled. A folder that cannot be read leaves the clauses that were good."""
        while True:
            with suppress(OSError, RuntimeError):
                if self.directory.is_dir():
                    async for _ in awatch(self.directory, step=200, debounce=800):
                        await self._reload()
            await asyncio.sleep(RETRY_SECONDS)
            if self.directory.is_dir() and not self.clauses:
                await self._reload()

    async def _reload(self) -> None:
        shelf = await asyncio.to_thread(read_folder, self.directory)
        self._shelf = shelf
        self._report()

    def _report(self) -> None:
        log.info("knowledge_loaded", extra={"clauses": len(self.clauses), "problems": len(self.problems)})
        for problem in self.problems:
            log.warning("knowledge_problem", extra={"path": problem.path, "reason": problem.message})


def read_folder(directory: Path) -> Shelf:
    """Never fails: a file that cannot be used is left out, and the problem says which and why."""
    problems: list[Problem] = []
    clauses: list[Clause] = []
    if not directory.is_dir():
        problems.append(Problem(str(directory), "there is no such folder; set KNOWLEDGE_DIR"))
        return Shelf(Index([]), [], problems)
    for path in sorted(_markdown_files(directory)):
        name = path.relative_to(directory).as_posix()
        try:
            if path.stat().st_size > MAX_FILE_BYTES:
                raise ValueError(f"the file has {path.stat().st_size} bytes; at most {MAX_FILE_BYTES} are read")
            clauses += parse(path.read_text("utf-8"), name)
        except UnicodeDecodeError as error:
            problems.append(Problem(name, f"not UTF-8 at byte {error.start}; save it as UTF-8"))
        except (OSError, ValueError) as error:
            problems.append(Problem(name, str(error)))
    if not clauses:
        problems.append(Problem(str(directory), "no clause was found; see docs/knowledge.md for the format"))
    if len(clauses) > MAX_CLAUSES:
        problems.append(Problem(str(directory), f"{len(clauses)} clauses; only the first {MAX_CLAUSES} are used"))
    return Shelf(Index(clauses[:MAX_CLAUSES]), _questions(directory / "questions.toml", problems), problems)


def _markdown_files(directory: Path) -> list[Path]:
    found = []
    for folder, names, files in os.walk(directory):  # does not follow links out of the folder
        names[:] = [name for name in names if not name.startswith(".")]
        found += [
            Path(folder, name)
            for name in files
            if name.lower().endswith((".md", ".markdown")) and not name.startswith(".") and name.lower() != "readme.md"
        ]
    return found


def _questions(path: Path, problems: list[Problem]) -> Questions:
    try:
        groups = tomllib.loads(path.read_text("utf-8")).get("group", [])
        return [
            {"title": dict(group["title"]), "questions": [dict(question) for question in group.get("questions", [])]}
            for group in groups
        ]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        problems.append(Problem(path.name, f"cannot be used: {error}"))
        return []

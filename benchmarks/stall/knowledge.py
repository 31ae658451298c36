"""Hostile knowledge files, written while the desk answers."""

import asyncio
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.stall.attack import Attack, Desk, Outcome

SEEN_SECONDS = 4.0  # changes are live within 2 s
MB = 1_000_000
NAME = "hostile.md"


def attacks() -> list[Attack]:
    texts = {
        "a setext heading below a number": "3.2 退货流程\n---\ntext\n",
        "a line of 1 MB": "# A\n" + "退货 " * (MB // 8) + "\n",
        "a word of 1 MB": "# A\n" + "a" * (MB - 10) + "\n",
        "60,000 signs of a heading": "# " + " #" * 30_000 + " x\n",
        "an endless front matter": "---\n" + "\n" * 200_000 + "x\n",
        "200,000 open comments": "<!--" * 200_000 + "\n",
        "spaces before a number": "**" + " " * 500_000 + "3.2 x\n",
        "35,000 clauses": "\n".join(
            f"## {number}.1 clause {number}\nt{number}" for number in range(35_000)
        )[:MB],
    }
    found = [writes(name, partial(Path.write_text, data=text)) for name, text in texts.items()]
    found += [
        writes("bytes that are no text", lambda path: path.write_bytes(bytes(range(256)) * 1000)),
        writes("a FIFO", os.mkfifo),
        writes("a loop of links", lambda path: path.symlink_to(path)),
        writes("a folder with a file's name", Path.mkdir),
        writes(
            "questions.toml nested 3,000 deep",
            lambda path: (path.parent / "questions.toml").write_text("a=" + "[" * 3000),
        ),
        Attack("file", "the folder is replaced", replace),
    ]
    return found


def writes(name: str, write: Callable[[Path], object]) -> Attack:
    async def run(desk: Desk, outcome: Outcome) -> None:
        path = desk.knowledge / NAME
        questions = desk.knowledge / "questions.toml"
        kept = questions.read_bytes()
        write(path)
        await asyncio.sleep(SEEN_SECONDS)
        remove(path)
        questions.write_bytes(kept)
        outcome.statuses["written and removed"] += 1

    return Attack("file", name, run)


async def replace(desk: Desk, outcome: Outcome) -> None:
    """Replaces the folder as a deployment does: new folder beside the old one, then renames."""
    new, old = desk.knowledge.with_name("new"), desk.knowledge.with_name("old")
    shutil.copytree(desk.knowledge, new)
    desk.knowledge.rename(old)
    await asyncio.sleep(0.5)
    new.rename(desk.knowledge)
    await asyncio.sleep(SEEN_SECONDS)
    shutil.rmtree(old)
    outcome.statuses["replaced"] += 1


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)

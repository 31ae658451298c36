"""`python -m gateway.storage.snapshot FILE`: the SQLite database of DATABASE_URL, whole and of one moment, into FILE (- is stdout).

A running gateway keeps the newest pages in a file beside the database (`-wal`), so copying the files one by one can tear it.
Standard library only: `make backup` runs it before anything is installed.
"""

import contextlib
import os
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path

DEFAULT = "sqlite:///data/sightdesk.db"
NO_SQLITE = 3  # exit status: this database is not in a file; its own tools back it up


def main() -> int:
    path = database_file(os.environ.get("DATABASE_URL") or DEFAULT)
    if path is None:
        message = (
            "There is no SQLite database to copy; PostgreSQL is backed up with its own pg_dump."
        )
        print(message, file=sys.stderr)  # noqa: T201
        return NO_SQLITE
    with tempfile.TemporaryDirectory(
        dir=path.parent
    ) as folder:  # where the database has room, its copy has
        copy = Path(folder) / "snapshot.db"
        take(path, copy)
        with copy.open("rb") as made:
            if sys.argv[1] == "-":
                shutil.copyfileobj(made, sys.stdout.buffer)
            else:
                with open(sys.argv[1], "wb") as target:
                    shutil.copyfileobj(made, target)
    return 0


def database_file(url: str) -> Path | None:
    """The file that holds the database; None where there is none yet, or none at all."""
    scheme, _, path = url.partition(":///")
    file = Path(path.partition("?")[0])
    return file if scheme.startswith("sqlite") and file.is_file() else None


def take(path: Path, copy: Path) -> None:
    with (
        contextlib.closing(sqlite3.connect(path)) as live,
        contextlib.closing(sqlite3.connect(copy)) as target,
    ):
        live.backup(target)
        # The copy has no second file beside it.
        target.execute("PRAGMA journal_mode=DELETE")


if __name__ == "__main__":
    sys.exit(main())

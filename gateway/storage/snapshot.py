"""`python -m gateway.storage.snapshot FILE`: copies the SQLite database of DATABASE_URL to FILE.

The copy is of one moment; `-` is stdout. A running gateway keeps the newest pages in a second file
(`-wal`), so copies of the two files might not fit together. Uses the standard library only:
`make backup` runs before anything is installed.
"""

import contextlib
import os
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path

DEFAULT = "sqlite:///data/sightdesk.db"
NO_SQLITE = 3  # exit status: the database is no file; its own tools back it up


def main() -> int:
    path = database_file(os.environ.get("DATABASE_URL") or DEFAULT)
    if path is None:
        message = (
            "There is no SQLite database to copy; PostgreSQL is backed up with its own pg_dump."
        )
        print(message, file=sys.stderr)  # noqa: T201
        return NO_SQLITE
    with tempfile.TemporaryDirectory(
        dir=path.parent  # a disk with room for the database
    ) as folder:
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
    """The database's file; None where it does not exist yet, or is none."""
    scheme, _, path = url.partition(":///")
    file = Path(path.partition("?")[0])
    return file if scheme.startswith("sqlite") and file.is_file() else None


def take(path: Path, copy: Path) -> None:
    """Copies a database that may be in use. Raises sqlite3.Error."""
    with (
        contextlib.closing(sqlite3.connect(path)) as live,
        contextlib.closing(sqlite3.connect(copy)) as target,
    ):
        live.backup(target)
        # So that the copy is one file.
        target.execute("PRAGMA journal_mode=DELETE")


if __name__ == "__main__":
    sys.exit(main())

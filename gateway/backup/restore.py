"""Puts the database and the files of a backup in the place of what is there.

The new data are made beside the old ones and checked; then they change places. Where that fails
the old ones come back.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, make_url
from sqlalchemy.exc import SQLAlchemyError

from gateway.backup.archive import PIECE, Manifest, checked, members
from gateway.backup.create import BackupFailed
from gateway.backup.databases import (
    InUse,
    emptied_postgresql,
    new_sqlite,
    replace_sqlite,
    settle_sqlite,
    sync_folder,
)
from gateway.backup.load import check_revision, fill
from gateway.backup.settled_actions import settle
from gateway.storage import schema
from gateway.storage.sql_engine import normal, sqlite_file
from gateway.storage.sql_errors import reason

PREFIX = ".restore-"
# Replaced also by a backup that has none of them.
ALWAYS = ("files", "api-keys.json")


def restore(file: Path, database_url: str, data: Path, *, as_saved: bool = False) -> Manifest:
    """`data`: DATA_DIR. `as_saved`: the tables stay at the backup's revision, for the version that
    made it. No gateway may be running. Raises BadArchive, BackupFailed.
    """
    manifest = checked(file)
    check_revision(manifest)
    kept = sqlite_file(normal(make_url(database_url)))
    try:
        data.mkdir(parents=True, exist_ok=True)
        _check_room(manifest, data)
        if kept is not None and kept.exists():
            settle_sqlite(kept)
        with _places(data, kept) as (place, database_place), contextlib.ExitStack() as undo:
            _unpack(file, place / "new")
            new = database_place / "new.db"
            with _filled(file, manifest, database_url, new, as_saved=as_saved):
                _swap(place, data, undo)
            if kept is not None and manifest.revision is not None:
                replace_sqlite(kept, new, database_place / "old.db")
            undo.pop_all()
            sync_folder(data)
    except InUse:
        raise BackupFailed("a gateway has the database open; stop it first") from None
    except SQLAlchemyError as error:
        raise BackupFailed(f"the database cannot be filled: {reason(error)}") from None
    except OSError as error:
        raise BackupFailed(f"{error.strerror or error} ({error.filename or data})") from None
    return manifest


@contextlib.contextmanager
def _places(data: Path, kept: Path | None) -> Iterator[tuple[Path, Path]]:
    """Folders for the files and for the database, each on the disk of what it replaces."""
    with (
        tempfile.TemporaryDirectory(dir=data, prefix=PREFIX) as place,
        tempfile.TemporaryDirectory(dir=_folder(kept) or data, prefix=PREFIX) as database_place,
    ):
        yield Path(place), Path(database_place)


def _folder(file: Path | None) -> Path | None:
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
    return file and file.parent


def _check_room(manifest: Manifest, data: Path) -> None:
    # The rows of the database are once in a file of it, with indexes.
    needed, free = 2 * manifest.size, shutil.disk_usage(data).free
    if free < needed:
        raise BackupFailed(
            f"the disk of DATA_DIR has {free // 2**20} MiB free, and {needed // 2**20} are needed"
        )


def _unpack(file: Path, target: Path) -> None:
    target.mkdir()
    for name, source in members(file):
        if name.startswith("data/"):
            path = target / name.removeprefix("data/")
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as written:
                shutil.copyfileobj(source, written, PIECE)


@contextlib.contextmanager
def _filled(
    file: Path, manifest: Manifest, url: str, new: Path, *, as_saved: bool
) -> Iterator[None]:
    """The new database, on SQLite in the file `new`.

    On PostgreSQL it is committed at the end of the block, and the old one stays where that raises.
    """
    if manifest.revision is None:
        yield
        return
    is_sqlite = normal(make_url(url)).get_backend_name() == "sqlite"
    with new_sqlite(new) if is_sqlite else emptied_postgresql(url) as connection:
        _fill(connection, file, manifest, as_saved=as_saved)
        yield


def _fill(connection: Connection, file: Path, manifest: Manifest, *, as_saved: bool) -> None:
    fill(connection, manifest, members(file))
    if not as_saved:
        schema.upgrade(connection)
        settle(connection)


def _swap(place: Path, data: Path, undo: contextlib.ExitStack) -> None:
    """Moves the old entries of DATA_DIR away and the new ones in, each by a rename."""
    new, old = place / "new", place / "old"
    old.mkdir()
    for name in sorted({*ALWAYS, *(path.name for path in new.iterdir())}):
        if (data / name).exists():
            (data / name).rename(old / name)
            undo.callback((old / name).rename, data / name)
        if (new / name).exists():
            (new / name).rename(data / name)
            undo.callback((data / name).rename, new / name)

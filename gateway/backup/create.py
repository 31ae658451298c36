"""Writes a backup of everything, while gateways run."""

import os
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from gateway import __version__
from gateway.backup import archive
from gateway.backup.archive import Manifest, Writer
from gateway.backup.databases import NoDatabase, reading
from gateway.backup.dump import Dump
from gateway.backup.sources import Sources
from gateway.storage.sql_errors import reason

WHOLE = 16 * 1024 * 1024  # bytes; smaller files are read at once, since somebody may edit them
TRIES = 3
PART = ".part"


class BackupFailed(Exception):
    """The message is one line, for the administrator."""


def create(
    target: Path,
    database_url: str,
    sources: Sources,
    settings: str,
    *,
    with_secrets: bool = False,
    installation: str = "local",
    files_url: str = "",
    encrypt: Callable[[Path, Path], None] | None = None,
) -> Manifest:
    """Writes `target`, whole or not at all. `settings`: lines of settings.env. `files_url`: the
    store of uploaded files, which the backup names and does not hold. `encrypt`: writes the first
    file's content, encrypted, into the second one.

    Raises BackupFailed.
    """
    manifest = Manifest(
        version=__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        secrets=with_secrets,
        installation=installation,
        files_url=files_url,
    )
    os.umask(0o077)
    parts: list[Path] = []
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = _new(target, parts)
        with part.open("wb") as file:
            writer = Writer(file, manifest)
            _write_database(writer, database_url)
            _write_files(writer, sources, with_secrets=with_secrets)
            writer.add(archive.SETTINGS, settings.encode())
            writer.finish()
            file.flush()
            os.fsync(file.fileno())
        if encrypt is not None:
            plain, part = part, _new(target, parts)
            encrypt(plain, part)
        part.replace(target)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise BackupFailed(f"{error.strerror or error}{where}") from None
    except SQLAlchemyError as error:
        raise BackupFailed(f"the database cannot be read: {reason(error)}") from None
    finally:
        for left in parts:
            left.unlink(missing_ok=True)
    return manifest


def _new(target: Path, parts: list[Path]) -> Path:
    descriptor, name = tempfile.mkstemp(PART, f".{target.name}-", target.parent)
    os.close(descriptor)
    parts.append(Path(name))
    return parts[-1]


def _write_database(writer: Writer, url: str) -> None:
    try:
        with reading(url) as connection:
            dump = Dump(connection)
            for name, content in dump.members():
                writer.add(name, content)
            writer.manifest.revision = dump.revision
            writer.manifest.database = connection.dialect.name
            writer.manifest.tables = dump.rows
            writer.manifest.sequences = dump.sequences
    except NoDatabase:
        return


def _write_files(writer: Writer, sources: Sources, *, with_secrets: bool) -> None:
    """After the database: a file that a row names was there before the row."""
    for name, path in sources.files(with_secrets=with_secrets):
        for attempt in range(1, TRIES + 1):
            try:
                _write_file(writer, name, path)
                break
            except FileNotFoundError:  # deleted meanwhile
                break
            except EOFError:
                if attempt == TRIES:
                    raise BackupFailed(f"{path} changes all the time") from None


def _write_file(writer: Writer, name: str, path: Path) -> None:
    """Raises OSError, and EOFError where the file changed, before anything was written."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > WHOLE:
            writer.add_from(name, file, size)
            return
        data = file.read(WHOLE + 1)
        if len(data) > WHOLE:
            raise EOFError
    writer.add(name, data)

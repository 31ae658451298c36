"""Proves that a backup can be restored: into a scratch database, up to this version's tables."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from gateway.backup.archive import BadArchive, Manifest, checked, members
from gateway.backup.databases import scratch
from gateway.backup.load import check_revision, differences, fill, revisions
from gateway.storage import migration, schema
from gateway.storage.sql_errors import reason


@dataclass(frozen=True, slots=True)
class Verified:
    """`migrated`: the migrations that ran on the copy."""

    manifest: Manifest
    migrated: list[migration.Step]


def verify(file: Path, database_url: str, folder: Path) -> Verified:
    """`folder`: with room for a scratch database. Raises BadArchive, OSError."""
    manifest = checked(file)
    check_revision(manifest)
    migrated: list[migration.Step] = []
    try:
        with (
            tempfile.TemporaryDirectory(dir=folder, prefix=".verify-") as place,
            scratch(database_url, Path(place)) as connection,
        ):
            fill(connection, manifest, members(file))
            if manifest.revision is not None:
                _upgrade(connection)
                migrated = migration.steps()[revisions().index(manifest.revision) + 1 :]
                if wrong := differences(connection, manifest):
                    raise BadArchive(f"a migration loses rows: {wrong}")
    except SQLAlchemyError as error:
        raise BadArchive(f"it cannot be restored: {reason(error)}") from None
    return Verified(manifest, migrated)


def _upgrade(connection: Connection) -> None:
    try:
        schema.upgrade(connection)
    except Exception as error:  # noqa: BLE001 - whatever a migration raises
        raise BadArchive(
            f"a migration fails on it: {type(error).__name__}: {reason(error)}"
        ) from None

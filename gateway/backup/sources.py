"""The files that go into a backup, beside the database."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.backup.archive import is_safe
from gateway.settings import Settings

# Of DATA_DIR: the database is dumped, the rest can be made again.
NO_DATA = ("sightdesk.db", "vectors", "engine", "backups", "lost+found")
SECRET_DATA = ("embed_secret",)  # only with SECRETS=1


@dataclass(frozen=True, slots=True)
class Sources:
    """Folders that may be missing. `users`: nginx's, with `htpasswd` in it."""

    data: Path
    knowledge: Path
    connectors: Path
    users: Path
    backups: Path

    def files(self, *, with_secrets: bool) -> Iterator[tuple[str, Path]]:
        """(name of the member, file) of each file. Raises OSError where a folder is not readable.

        What a symbolic link points to is taken where it is a file, and left out where it is a
        folder.
        """
        for name, path in _below(self.data, "data"):
            top = name.split("/")[1]
            if top.startswith((*NO_DATA, ".")) or self.backups in path.parents:
                continue
            if with_secrets or top not in SECRET_DATA:
                yield name, path
        yield from _below(self.knowledge, "knowledge")
        yield from _below(self.connectors, "connectors")
        if (self.users / "htpasswd").is_file():
            yield "users/htpasswd", self.users / "htpasswd"


def sources(settings: Settings, root: Path) -> Sources:
    """`root`: where the project lies, outside of Docker."""
    given = settings.backup_source
    knowledge = settings.knowledge_folder
    if given and not settings.knowledge_url:
        knowledge = given / "knowledge"
    return Sources(
        data=settings.data_dir,
        knowledge=knowledge,
        connectors=given / "connectors" if given else settings.connectors_dir,
        users=given / "users" if given else root / "nginx" / "users",
        backups=settings.backup_folder,
    )


def _below(folder: Path, prefix: str) -> Iterator[tuple[str, Path]]:
    def refuse(error: OSError) -> None:
        if folder.exists():
            raise error

    for where, folders, names in os.walk(folder, onerror=refuse):
        folders.sort()
        for name in sorted(names):
            path = Path(where, name)
            member = f"{prefix}/{path.relative_to(folder).as_posix()}"
            if path.is_file() and is_safe(member) and not name.endswith((".part", ".new")):
                yield member, path

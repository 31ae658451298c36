"""The archive of a backup: a gzipped tar of plain files; its last member is `manifest.json`.

    database/TABLE/00001.jsonl   the first line has the names of the columns, each other one a row
    data/…                       of DATA_DIR: uploaded files, digests of API keys
    knowledge/… connectors/…     as they are
    users/htpasswd               nginx's users
    settings.env                 settings without secrets, or with them (SECRETS=1)
    manifest.json                digests and sizes of all of these, revision, counts

Nothing is read from an archive before `checked` has compared every member with the manifest.
"""

import gzip
import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

FORMAT = 1
MANIFEST, SETTINGS = "manifest.json", "settings.env"
FOLDERS = ("database", "data", "knowledge", "connectors", "users")
ENCRYPTED = b"age-encryption.org/v1"  # how such a file begins
PIECE = 1024 * 1024  # bytes
MAX_MANIFEST = 256 * 1024 * 1024  # bytes; a million files need about 150 MB
LEVEL = 4  # of gzip: pictures get no smaller, rows of text do


class BadArchive(Exception):
    """The archive cannot be used. The message is one line, for the administrator."""


@dataclass(slots=True)
class Manifest:
    """`revision`: of the database; None where there was none. `tables`: rows by table.
    `sequences`: the last number that a table gave out. `members`: [SHA-256, bytes] by name."""

    version: str
    created: str  # ISO 8601, UTC
    revision: str | None = None
    database: str = ""  # sqlite, postgresql
    tables: dict[str, int] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)
    secrets: bool = False
    installation: str = "local"  # or docker
    files_url: str = ""  # where uploaded files lie, if not in the backup
    members: dict[str, tuple[str, int]] = field(default_factory=dict)
    format: int = FORMAT

    def count(self, folder: str) -> int:
        """How many members the folder has."""
        return sum(name.startswith(folder + "/") for name in self.members)

    @property
    def size(self) -> int:
        """Bytes of all members."""
        return sum(size for _, size in self.members.values())


class Writer:
    """Writes members in one pass; `finish` writes the manifest."""

    def __init__(self, target: IO[bytes], manifest: Manifest) -> None:
        self.manifest = manifest
        self._zipped = gzip.GzipFile(
            filename="", mode="wb", fileobj=target, compresslevel=LEVEL, mtime=0
        )
        self._tar = tarfile.TarFile.open(fileobj=self._zipped, mode="w|")

    def add(self, name: str, data: bytes) -> None:
        self.add_from(name, io.BytesIO(data), len(data))

    def add_from(self, name: str, source: IO[bytes], size: int) -> None:
        """Raises OSError, also where the source has fewer bytes than `size`."""
        if not is_safe(name):
            raise OSError(f"{name!r} is no name for a member of a backup")
        read = Digested(source)
        self._tar.addfile(_entry(name, size), read)
        self.manifest.members[name] = (read.digest, size)

    def finish(self) -> None:
        data = json.dumps(asdict(self.manifest), ensure_ascii=False).encode()
        self._tar.addfile(_entry(MANIFEST, len(data)), io.BytesIO(data))
        self._tar.close()
        self._zipped.close()


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry


class Digested:
    """Computes the SHA-256 of what is read through it."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._sum = hashlib.sha256()
        self.size = 0

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self._sum.update(data)
        self.size += len(data)
        return data

    @property
    def digest(self) -> str:
        return self._sum.hexdigest()


def is_safe(name: str) -> bool:
    """Whether the member may be in a backup: it stays inside of one of FOLDERS."""
    if name in (MANIFEST, SETTINGS):
        return True
    parts = name.split("/")
    return (
        parts[0] in FOLDERS
        and len(parts) > 1
        and not any(part in ("", ".", "..") or "\\" in part or "\0" in part for part in parts)
    )


def checked(path: Path) -> Manifest:
    """The manifest, once every member has the digest that it says. Raises BadArchive, OSError."""
    try:
        return _checked(path)
    except (EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError) as error:
        raise BadArchive(f"{path.name} is truncated, damaged or no backup: {error}") from None


def _checked(path: Path) -> Manifest:
    found: dict[str, tuple[str, int]] = {}
    manifest: Manifest | None = None
    for name, source in members(path):
        if name in found or manifest is not None:
            raise BadArchive(f"{path.name}: {name} is there twice, or behind the manifest")
        if name == MANIFEST:
            manifest = _manifest(path, source.read(MAX_MANIFEST))
            continue
        read = Digested(source)
        while read.read(PIECE):
            pass
        found[name] = (read.digest, read.size)
    if manifest is None:
        raise BadArchive(
            f"{path.name} is truncated, or no backup of SightDesk: it has no {MANIFEST}"
        )
    if wrong := _differences(manifest.members, found):
        raise BadArchive(f"{path.name} is damaged: {wrong}")
    return manifest


def members(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """(name, content) of each member of a checked archive, in order; a content can be read until
    the next one is asked for. Raises BadArchive, OSError."""
    with _opened(path) as (zipped, tar):
        for entry in tar:
            if entry.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
                raise BadArchive(f"{path.name}: {entry.name!r} is a link, a folder or a device")
            if not is_safe(entry.name):
                raise BadArchive(f"{path.name}: {entry.name!r} is no member of a backup")
            source = tar.extractfile(entry)
            assert source is not None  # a plain file has a content
            yield entry.name, source
        while zipped.read(PIECE):  # up to gzip's own checksum
            pass


@contextmanager
def _opened(path: Path) -> Iterator[tuple[gzip.GzipFile, tarfile.TarFile]]:
    with path.open("rb") as file:
        if file.read(len(ENCRYPTED)) == ENCRYPTED:
            raise BadArchive(f"{path.name} is encrypted: set IDENTITY=… to the file with age's key")
        file.seek(0)
        with (
            gzip.GzipFile(fileobj=file, mode="rb") as zipped,
            tarfile.open(fileobj=zipped, mode="r|") as tar,
        ):
            yield zipped, tar


def _manifest(path: Path, data: bytes) -> Manifest:
    try:
        told: dict[str, Any] = json.loads(data)
        if told["format"] != FORMAT:
            raise BadArchive(
                f"{path.name} has format {told['format']}; this version reads {FORMAT}"
            )
        told["members"] = {name: (one[0], int(one[1])) for name, one in told["members"].items()}
        for counts in ("tables", "sequences"):
            told[counts] = {name: int(one) for name, one in told.get(counts, {}).items()}
        return Manifest(**told)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        raise BadArchive(f"{path.name} is damaged: its {MANIFEST} cannot be read") from None


def _differences(
    wanted: dict[str, tuple[str, int]], found: dict[str, tuple[str, int]]
) -> str | None:
    """The first difference in words; None where there is none."""
    for name in wanted:
        if name not in found:
            return f"{name} is missing"
        if wanted[name] != found[name]:
            return f"{name} is not what the manifest says"
    return next((f"{name} is not in the manifest" for name in found if name not in wanted), None)

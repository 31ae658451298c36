"""A desk with data of each kind, as a backup finds it, and archives that somebody has changed."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.backup.create import create
from gateway.backup.sources import Sources
from gateway.storage.action_tables import Action, AuditEntry
from gateway.storage.database import Database, open_database
from gateway.storage.turns import now
from tests.support.databases import ask


@dataclass(frozen=True, slots=True)
class Desk:
    """`url`: of its database. Its folders lie in `root`."""

    root: Path
    url: str

    @property
    def sources(self) -> Sources:
        return Sources(
            data=self.root / "data",
            knowledge=self.root / "knowledge",
            connectors=self.root / "connectors",
            users=self.root / "users",
            backups=self.root / "data" / "backups",
        )

    def backup(self, name: str = "backup-20261130-030000.tar.gz", **more: Any) -> Path:
        file = self.root / name
        create(file, self.url, self.sources, "ENGINE=lite\n", **more)
        return file


def filled_desk(root: Path, url: str) -> Desk:
    """Three questions with answers, an action, a file, a key, a user, a clause, a connector."""
    database = open_database(url, lambda: None)
    for number in range(3):
        ask(database, number, f"退货怎么办 {number}")
    propose(database, "action-1", "confirmed")
    database.close()
    for name, text in {
        "data/files/owner/file-1": "a picture",
        "data/api-keys.json": '{"keys": []}',
        "data/embed_secret": "signs-tokens",
        "data/vectors/index": "made again",
        "knowledge/售后/政策.md": "## 3.2 退货\n七天内可退。\n",
        "connectors/track.yaml": "title: {en: Track}\n",
        "users/htpasswd": "anna:$6$hash\n",
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return Desk(root, url)


def propose(database: Database, action_id: str, status: str) -> None:
    with database.writing() as session:
        session.add(
            Action(
                id=action_id,
                connector="refund",
                title={"en": "Refund"},
                arguments={"order": "QH1"},
                status=status,
                by="customer",
                owner="owner",
                created_at=now(),
                expires_at=now() + 1000,
            )
        )
        session.add(AuditEntry(action_id=action_id, time=now(), who="anna", now=status))


def unpacked(file: Path) -> dict[str, bytes]:
    with tarfile.open(file) as archive:
        return {
            entry.name: content.read()
            for entry in archive
            if (content := archive.extractfile(entry)) is not None
        }


def packed(file: Path, contents: Mapping[str, bytes], *more: tarfile.TarInfo) -> Path:
    """Writes an archive with these members, and empty ones of `more`, before the manifest."""
    with tarfile.open(file, "w:gz") as archive:
        for name, data in contents.items():
            if name == "manifest.json":
                for entry in more:
                    archive.addfile(entry)
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return file


def with_manifest(contents: Mapping[str, bytes], **changes: Any) -> dict[str, bytes]:
    """The members with a manifest that fits to them, but for `changes`."""
    manifest = json.loads(contents["manifest.json"])
    kept = {name: data for name, data in contents.items() if name != "manifest.json"}
    manifest["members"] = {
        name: [hashlib.sha256(data).hexdigest(), len(data)] for name, data in kept.items()
    }
    return {**kept, "manifest.json": json.dumps(manifest | changes).encode()}


def cut(file: Path, share: float) -> Path:
    """The beginning of the file, under another name."""
    data = file.read_bytes()
    shorter = file.with_name("cut-" + file.name)
    shorter.write_bytes(data[: int(share * len(data))])
    return shorter


def regzipped(file: Path, data: bytes) -> Path:
    with gzip.open(file, "wb") as written:
        written.write(data)
    return file

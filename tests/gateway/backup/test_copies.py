"""Encrypted backups, copies in a real S3 server, and how many are kept."""

import os
from pathlib import Path

import obstore
import pytest
from obstore.store import S3Store
from pyrage import x25519

from gateway.backup.__main__ import main
from gateway.backup.archive import BadArchive, checked
from gateway.backup.create import BackupFailed
from gateway.backup.encryption import decrypt, encrypt
from gateway.backup.names import old_ones
from gateway.backup.remote import RemoteFailed, keep
from tests.support.backups import Desk, filled_desk, unpacked
from tests.support.object_store import SECRET, bucket

NAMES = [f"backup-202611{day:02}-030000.tar.gz" for day in range(1, 5)]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return filled_desk(tmp_path, f"sqlite:///{tmp_path}/data/sightdesk.db")


def store(s3: str) -> S3Store:
    return bucket("s3://desk", s3).open(request="30s")


def listed(s3: str, prefix: str) -> list[str]:
    return sorted(one["path"] for one in obstore.list(store(s3), prefix).collect())


def test_the_newest_copies_are_kept_and_nothing_else_is_touched(s3: str, tmp_path: Path) -> None:
    other = tmp_path / "invoice.pdf"
    for name in (*NAMES, other.name):
        (tmp_path / name).write_bytes(name.encode() * 1000)
    keep(bucket("s3://desk/kept", s3), other, 3)
    for name in NAMES:
        keep(bucket("s3://desk/kept", s3), tmp_path / name, 3)
    assert listed(s3, "kept") == [*(f"kept/{name}" for name in NAMES[1:]), "kept/invoice.pdf"]


def test_a_large_backup_is_copied_in_parts(s3: str, tmp_path: Path) -> None:
    file = tmp_path / NAMES[0]
    file.write_bytes(os.urandom(12 * 1024 * 1024))
    keep(bucket("s3://desk", s3), file, 1)
    assert bytes(obstore.get(store(s3), NAMES[0]).bytes()) == file.read_bytes()


def test_the_store_of_files_is_the_default(
    s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3)
    file = tmp_path / NAMES[0]
    file.write_bytes(b"x")
    keep(bucket("s3://desk/default", ""), file, 1)
    assert listed(s3, "default") == [f"default/{NAMES[0]}"]


def test_a_backup_names_the_store_of_files_and_does_not_hold_them(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", desk.url)
    monkeypatch.setenv("DATA_DIR", str(desk.root / "data"))
    monkeypatch.setenv("FILES_URL", "s3://desk/files")
    monkeypatch.setattr("signal.signal", lambda *_: None)  # that of this process stays
    assert main(["create", str(desk.root / "kept")]) == 0
    (file,) = (desk.root / "kept").glob("backup-*")
    assert main(["verify", str(file)]) == 0
    assert "uploaded files: in s3://desk/files, not in this backup\n" in capsys.readouterr().out


def test_a_store_that_refuses_is_named_without_the_secret(s3: str, tmp_path: Path) -> None:
    file = tmp_path / NAMES[0]
    file.write_bytes(b"x")
    with pytest.raises(RemoteFailed, match="s3://nothing-here") as caught:
        keep(bucket("s3://nothing-here", s3), file, 1)
    assert "\n" not in str(caught.value)
    assert SECRET not in str(caught.value)


def test_other_names_are_never_old_backups() -> None:
    assert old_ones(["notes.txt", "backup-x.tar.gz", *NAMES], 1) == NAMES[2::-1]
    assert old_ones([NAMES[0] + ".age", NAMES[1]], 1) == [NAMES[0] + ".age"]


def test_only_the_owner_of_the_key_reads_an_encrypted_backup(desk: Desk) -> None:
    owner, stranger = x25519.Identity.generate(), x25519.Identity.generate()
    file = desk.backup(encrypt=lambda plain, to: encrypt([str(owner.to_public())], plain, to))
    assert b"\xe9\x80\x80" not in file.read_bytes()
    with pytest.raises(BadArchive, match="IDENTITY"):
        checked(file)
    plain = desk.root / "plain.tar.gz"
    with pytest.raises(BadArchive, match="cannot be decrypted"):
        decrypt(str(stranger), file, plain)
    decrypt(f"# made by age-keygen\n{owner}\n", file, plain)
    assert checked(plain).tables["turns"] == 6
    assert unpacked(plain)["users/htpasswd"] == b"anna:$6$hash\n"


def test_a_truncated_encrypted_backup_is_refused(desk: Desk) -> None:
    owner = x25519.Identity.generate()
    file = desk.backup(encrypt=lambda plain, to: encrypt([str(owner.to_public())], plain, to))
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(BadArchive, match="cannot be decrypted"):
        decrypt(str(owner), file, desk.root / "plain")


def test_nothing_stays_behind_where_encryption_fails(desk: Desk) -> None:
    with pytest.raises(BackupFailed, match="BACKUP_AGE_RECIPIENT"):
        desk.backup(encrypt=lambda plain, to: encrypt(["age1wrong"], plain, to))
    assert not [path for path in desk.root.iterdir() if "backup" in path.name]

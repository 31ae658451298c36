"""What is refused before anything is restored: each with one line."""

import tarfile
from pathlib import Path

import pytest

from gateway.backup.archive import BadArchive, checked, is_safe
from tests.support.backups import Desk, cut, filled_desk, packed, unpacked, with_manifest


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return filled_desk(tmp_path, f"sqlite:///{tmp_path}/data/sightdesk.db")


def refused(file: Path) -> str:
    with pytest.raises(BadArchive) as caught:
        checked(file)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_backup_has_every_kind_of_data_and_no_secret(desk: Desk) -> None:
    manifest = checked(desk.backup())
    assert {
        "data/files/owner/file-1",
        "data/api-keys.json",
        "knowledge/售后/政策.md",
        "connectors/track.yaml",
        "users/htpasswd",
        "settings.env",
        "database/turns/00001.jsonl",
    } <= set(manifest.members)
    assert (manifest.tables["turns"], manifest.tables["actions"]) == (6, 1)
    assert manifest.count("data") == 2  # neither the database, vectors nor the secret
    assert "data/embed_secret" in checked(desk.backup(with_secrets=True)).members


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_archive_is_refused(desk: Desk, share: float) -> None:
    assert "truncated" in refused(cut(desk.backup(), share))


def test_a_changed_byte_is_refused(desk: Desk) -> None:
    file = desk.backup()
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    assert "damaged" in refused(file)


def test_members_that_the_manifest_does_not_know_are_refused(desk: Desk) -> None:
    contents = unpacked(desk.backup())
    changed = {**contents, "knowledge/售后/政策.md": "八天内可退。".encode()}
    assert "not what the manifest says" in refused(packed(desk.root / "a", changed))
    more = {"data/files/more": b"", **contents}
    assert "data/files/more is not in the manifest" in refused(packed(desk.root / "b", more))
    less = {name: data for name, data in contents.items() if name != "users/htpasswd"}
    assert "users/htpasswd is missing" in refused(packed(desk.root / "c", less))


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../outside",
        "data/../../outside",
        "data/./a",
        "data//a",
        "data/",
        "data",
        "data\\..\\a",
        "other/a",
        ".env",
        "settings.env/a",
    ],
)
def test_a_member_outside_of_its_folders_is_refused(desk: Desk, name: str) -> None:
    assert not is_safe(name)
    contents = with_manifest({name: b"x", **unpacked(desk.backup())})
    assert "no member of a backup" in refused(packed(desk.root / "a", contents))


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE]
)
def test_a_link_a_device_or_a_folder_is_refused(desk: Desk, kind: bytes) -> None:
    entry = tarfile.TarInfo("data/files/odd")
    entry.type, entry.linkname = kind, "/etc/passwd"
    file = packed(desk.root / "a", unpacked(desk.backup()), entry)
    assert "a link, a folder or a device" in refused(file)


def test_other_files_and_later_formats_are_refused(desk: Desk) -> None:
    text = desk.root / "a"
    text.write_text("not a backup")
    assert "no backup" in refused(text)
    old = packed(desk.root / "b", {"data/sightdesk.db": b"", "knowledge/a.md": b""})
    assert "no backup" in refused(old)
    later = with_manifest(unpacked(desk.backup()), format=2)
    assert "format 2" in refused(packed(desk.root / "c", later))
    odd = {**unpacked(desk.backup()), "manifest.json": b"[]"}
    assert "cannot be read" in refused(packed(desk.root / "d", odd))
    for name, value in (("tables", []), ("sequences", {"turns": "many"})):
        odd = with_manifest(unpacked(desk.backup()), **{name: value})
        assert "cannot be read" in refused(packed(desk.root / "e", odd))

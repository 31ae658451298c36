"""make restore FILE=… [IDENTITY=…] [KEEP_SETTINGS=1]: puts a backup in the place of what is here.

Every member is compared with its digest before anything changes. The gateways are stopped
meanwhile. Without an .env one is written with new secrets, which stay as they are unless the backup
has secrets. Standard library only: on a Docker host nothing is installed.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from gateway.backup.archive import ENCRYPTED, SETTINGS, BadArchive, checked, members
from gateway.backup.settings_text import left_out, merged, parsed
from scripts import write_env
from scripts.gateway_command import ROOT, Refused, gateway_command, is_docker, output_of

COMPOSE = ("docker", "compose")
# Folders of the project that a backup has, beside the data. Only what is in them is replaced: a
# container sees the folder itself.
FOLDERS = {"knowledge": "knowledge", "connectors": "connectors", "users": "nginx/users"}


def main() -> int:
    given = sys.argv[1] if len(sys.argv) > 1 else ""
    try:
        with readable(given) as file:
            restore(file, keep_settings=os.environ.get("KEEP_SETTINGS") == "1")
    except (Refused, BadArchive) as error:
        print(f"make restore: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"make restore: {error.strerror} ({error.filename})", file=sys.stderr)
        return 1
    print(f"Restored from {given}.")
    return 0


@contextlib.contextmanager
def readable(given: str) -> Iterator[Path]:
    """The archive: a file here, else one of the gateway's scheduled backups; decrypted where it is
    encrypted. Raises Refused."""
    with tempfile.TemporaryDirectory(dir=ROOT, prefix=".restore-") as name:
        file = ROOT / given
        if given and not file.is_file() and is_docker() and "/" not in given:
            file = Path(name) / given
            _copy(["cat", f"/backups/{given}"], file, b"")
        if not given or not file.is_file() or not file.stat().st_size:
            raise Refused(f"no file '{given}'; set FILE=backup-….tar.gz")
        with file.open("rb") as read:
            is_encrypted = read.read(len(ENCRYPTED)) == ENCRYPTED
        identity = os.environ.get("IDENTITY", "")
        if is_encrypted and identity:
            os.environ["BACKUP_AGE_IDENTITY"] = Path(identity).read_text("ascii")
            plain = Path(name) / "backup.tar.gz"
            command = gateway_command("decrypt", "-", names=("BACKUP_AGE_IDENTITY",))
            with file.open("rb") as encrypted, plain.open("wb") as written:
                ended = subprocess.run(command, cwd=ROOT, stdin=encrypted, stdout=written)
            if ended.returncode:
                raise Refused("it was not decrypted; the line above says why")
            file = plain
        yield file


def _copy(command: list[str], target: Path, given: bytes) -> None:
    run = [*COMPOSE, "run", "--rm", "--no-deps", "-T", "gateway", *command]
    with target.open("wb") as written:
        subprocess.run(run, cwd=ROOT, input=given, stdout=written, stderr=subprocess.DEVNULL)


def restore(file: Path, *, keep_settings: bool = False) -> None:
    """Raises Refused, BadArchive, OSError."""
    manifest = checked(file)
    settings = _settings_of(file)
    if manifest.installation == "docker" and not is_docker():
        # An empty machine: new secrets, and the engine that the backup names.
        os.environ["ENGINE"] = parsed(settings).get("ENGINE", "")
        if write_env.main():
            raise Refused("no .env could be written")
    with tempfile.TemporaryDirectory(dir=ROOT, prefix=".restore-") as name:
        _unpack(file, Path(name))
        # The settings come first: they name the database that the rows go into.
        with put_settings("" if keep_settings else settings), stopped_gateways():
            _put_data(file)
            for folder in FOLDERS:
                _swap(Path(name) / folder, ROOT / FOLDERS[folder], Path(name) / "old" / folder)
    _reload_users()
    for secret in left_out(settings):
        if is_docker() and not parsed((ROOT / ".env").read_text("utf-8")).get(secret):
            print(f"{secret} is a secret and not in the backup: set it in .env.")


def _settings_of(file: Path) -> str:
    for name, content in members(file):
        if name == SETTINGS:
            return content.read().decode()
    return ""


@contextlib.contextmanager
def put_settings(text: str) -> Iterator[None]:
    """Puts them into .env; the old one is kept as .env.before-restore, and back where the block
    raises."""
    path, kept = ROOT / ".env", ROOT / ".env.before-restore"
    old = path.read_text("utf-8") if is_docker() else ""
    new = merged(old, parsed(text))
    if not is_docker() or new.split() == old.split():
        yield
        return
    kept.unlink(missing_ok=True)
    kept.touch(mode=0o600)
    kept.write_text(old, "utf-8")
    path.write_text(new, "utf-8")
    try:
        yield
    except BaseException:
        path.write_text(old, "utf-8")
        raise
    print("Settings were restored into .env; `make up` applies those that changed.")


def _unpack(file: Path, place: Path) -> None:
    for name, content in members(file):
        if name.split("/")[0] in FOLDERS:
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as written:
                shutil.copyfileobj(content, written)
            path.chmod(0o644)  # the containers read it under another user


@contextlib.contextmanager
def stopped_gateways() -> Iterator[None]:
    """Those that ran run again at the end, also after a failure."""
    ran: list[str] = []
    if is_docker():
        listed = output_of([*COMPOSE, "ps", "--services", "--status", "running"]).split()
        ran = [name for name in listed if name.startswith("gateway")]
        services = output_of([*COMPOSE, "config", "--services"]).split()
        if "postgres" in services and "postgres" not in listed:
            output_of([*COMPOSE, "up", "-d", "--wait", "postgres"])
    if ran:
        output_of([*COMPOSE, "stop", *ran])
    try:
        yield
    finally:
        if ran:
            output_of([*COMPOSE, "start", *ran])


def _put_data(file: Path) -> None:
    with file.open("rb") as read:
        ended = subprocess.run(gateway_command("restore", "-"), cwd=ROOT, stdin=read)
    if ended.returncode:
        raise Refused("nothing was changed; the line above says why")


def _swap(new: Path, folder: Path, old: Path) -> None:
    """Moves what is in the folder to `old` and what is in `new` into it; back, where that fails."""
    if not new.is_dir():
        return
    folder.mkdir(parents=True, exist_ok=True)
    old.mkdir(parents=True)
    replaced = [path for path in folder.iterdir() if path.name != ".gitkeep"]
    if folder.name == "users":
        replaced = [path for path in replaced if path.name == "htpasswd"]
    with contextlib.ExitStack() as undo:
        for path in replaced:
            undo.callback(shutil.move, path.rename(old / path.name), path)
        for path in list(new.iterdir()):
            undo.callback(shutil.move, path.rename(folder / path.name), path)
        undo.pop_all()


def _reload_users() -> None:
    if is_docker() and "nginx" in output_of([*COMPOSE, "ps", "--services", "--status", "running"]):
        reload = "/docker-entrypoint.d/30-users.sh && nginx -s reload"
        output_of([*COMPOSE, "exec", "-T", "nginx", "sh", "-c", reload])


if __name__ == "__main__":
    sys.exit(main())

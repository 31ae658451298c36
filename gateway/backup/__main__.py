"""`python -m gateway.backup COMMAND`, with the gateway's settings. It may run beside the gateway.

    create [FOLDER | -]   writes a backup into the folder (BACKUP_DIR), or to stdout
    verify [FILE | -]     restores into a scratch database and counts; the newest one in BACKUP_DIR
    restore FILE | -      puts database and DATA_DIR back; no gateway may be running
    decrypt FILE | -      to stdout, with the age key in the variable BACKUP_AGE_IDENTITY
    revision              prints the revision of the database
    settle                ends actions whose outcome is not known after a restore

Errors are one line on stderr, with status 1; wrong settings have status 2.
"""

import argparse
import contextlib
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from gateway.backup import encryption
from gateway.backup.archive import BadArchive
from gateway.backup.create import BackupFailed, create
from gateway.backup.databases import NoDatabase, reading, writing
from gateway.backup.environment import installation, settings_lines
from gateway.backup.journal import Journal, Made
from gateway.backup.names import name_of, old_ones
from gateway.backup.remote import RemoteFailed, keep
from gateway.backup.restore import restore
from gateway.backup.settled_actions import settle
from gateway.backup.sources import sources
from gateway.backup.verify import verify
from gateway.errors import GatewayError
from gateway.settings import Settings, WrongSettings, load_settings
from gateway.storage import schema
from gateway.storage.database import attach_database
from gateway.storage.s3_store import Bucket

WRONG_SETTINGS = 2  # exit status


def main(given: list[str] | None = None) -> int:
    # So that a part of a backup does not stay behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    options = _options().parse_args(given)
    try:
        return int(COMMANDS[options.command](load_settings(), options) or 0)
    except WrongSettings as error:
        return _refused(str(error), WRONG_SETTINGS)
    except (BackupFailed, BadArchive, RemoteFailed) as error:
        return _refused(str(error), 1)
    except GatewayError as error:
        return _refused(error.message, 1)
    except OSError as error:
        return _refused(f"{error.strerror or error} ({error.filename or '-'})", 1)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m gateway.backup", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("target", nargs="?", default="")
    parser.add_argument("--secrets", action="store_true", help="put secrets into the backup")
    parser.add_argument("--settings", action="store_true", help="read settings.env from stdin")
    parser.add_argument("--slot", type=int, default=0, help="when the backup was due")
    parser.add_argument("--as-saved", action="store_true", help="keep the backup's revision")
    return parser


def make(settings: Settings, options: argparse.Namespace) -> None:
    folder = settings.backup_folder
    to_stdout = options.target == "-"
    if options.target and not to_stdout:
        folder = Path(options.target)
    recipients = settings.backup_age_recipient
    name = name_of(datetime.now(UTC), is_encrypted=bool(recipients))
    text = sys.stdin.read() if options.settings else settings_lines(settings)
    with _place(folder, temporary=to_stdout) as place:
        create(
            place / name,
            settings.database_url.get_secret_value(),
            sources(settings, Path.cwd()),
            text,
            with_secrets=options.secrets,
            installation=installation(settings),
            files_url=settings.files_url,
            encrypt=partial(encryption.encrypt, recipients) if recipients else None,
        )
        size = (place / name).stat().st_size
        if to_stdout:
            with (place / name).open("rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        else:
            _keep(settings, folder, place / name)
    _record(settings, options.slot, Made(name, size))
    if not to_stdout:
        _say(str(place / name))


@contextlib.contextmanager
def _place(folder: Path, *, temporary: bool) -> Iterator[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    if not temporary:
        yield folder
        return
    with tempfile.TemporaryDirectory(dir=folder, prefix=".create-") as place:
        yield Path(place)


def _keep(settings: Settings, folder: Path, file: Path) -> None:
    """Copies it to the store, then deletes what is too old in both places. Raises RemoteFailed."""
    if settings.backup_s3_url:
        bucket = Bucket(
            settings.backup_s3_url,
            settings.backup_s3_endpoint,
            settings.backup_s3_region,
            settings.backup_s3_key_id,
            settings.backup_s3_secret.get_secret_value(),
        )
        keep(bucket, file, settings.backup_keep)
    for name in old_ones((one.name for one in folder.iterdir()), settings.backup_keep):
        (folder / name).unlink(missing_ok=True)


def _record(settings: Settings, slot: int, made: Made) -> None:
    """In the database. A backup counts also where that fails."""
    try:
        database = attach_database(settings.database_url.get_secret_value())
        try:
            Journal(database).made(slot or round(time.time()), made, time.time())
        finally:
            database.close()
    except (WrongSettings, GatewayError):
        print("This backup is not in the database's list of backups.", file=sys.stderr)  # noqa: T201 - what the command says


def check(settings: Settings, options: argparse.Namespace) -> None:
    folder = settings.backup_folder
    folder.mkdir(parents=True, exist_ok=True)
    with _input(options.target or _newest(folder), folder) as file:
        found = verify(file, settings.database_url.get_secret_value(), folder)
    told = found.manifest
    rows = ", ".join(f"{name} {count}" for name, count in told.tables.items() if count)
    _say(f"{file.name} of {told.created} (version {told.version}) can be restored.")
    _say(f"rows: {rows or 'none'}")
    counted = ", ".join(f"{one} {told.count(one)}" for one in ("data", "knowledge", "connectors"))
    _say(f"files: {counted}, users {told.count('users')}")
    if told.files_url:
        _say(f"uploaded files: in {told.files_url}, not in this backup")
    for step in found.migrated:
        way = "goes back" if step.goes_back else "does not go back"
        _say(f"migration {step.revision}, {step.title} It {way}. {step.back}")


def _newest(folder: Path) -> str:
    found = old_ones((one.name for one in folder.iterdir()), 0)
    if not found:
        raise BadArchive(f"there is no backup in {folder} yet; set FILE=backup-….tar.gz")
    return str(folder / found[0])


def put_back(settings: Settings, options: argparse.Namespace) -> None:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    url = settings.database_url.get_secret_value()
    with _input(options.target, settings.data_dir) as file:
        manifest = restore(file, url, settings.data_dir, as_saved=options.as_saved)
    _say(f"{sum(manifest.tables.values())} rows and {manifest.count('data')} files are back.")
    if manifest.files_url:
        _say(f"Uploaded files are in {manifest.files_url}, not in this backup.")


def decrypt(settings: Settings, options: argparse.Namespace) -> None:
    settings.backup_folder.mkdir(parents=True, exist_ok=True)
    with _input(options.target, settings.backup_folder) as file:
        plain = file.with_name(f".{file.name}.plain")
        try:
            encryption.decrypt(os.environ.get("BACKUP_AGE_IDENTITY", ""), file, plain)
            with plain.open("rb") as read:
                shutil.copyfileobj(read, sys.stdout.buffer)
        finally:
            plain.unlink(missing_ok=True)


def revision(settings: Settings, _: argparse.Namespace) -> None:
    found = None
    with contextlib.suppress(NoDatabase), reading(_url(settings)) as connection:
        found = schema.revision(connection)
    _say(found or "none")


def end_actions(settings: Settings, _: argparse.Namespace) -> None:
    with contextlib.suppress(NoDatabase), writing(_url(settings)) as connection:
        _say(f"{settle(connection)} actions wait for a person or have ended.")


def _url(settings: Settings) -> str:
    return settings.database_url.get_secret_value()


@contextlib.contextmanager
def _input(target: str, folder: Path) -> Iterator[Path]:
    """The file; stdin is written into `folder` first, since it is read twice."""
    if target not in ("", "-"):
        yield Path(target)
        return
    with tempfile.TemporaryDirectory(dir=folder, prefix=".read-") as place:
        file = Path(place) / "backup"
        with file.open("wb") as written:
            shutil.copyfileobj(sys.stdin.buffer, written)
        yield file


def _say(line: str) -> None:
    print(line)  # noqa: T201 - what the command says


def _refused(reason: str, status: int) -> int:
    print(f"backup: {reason}", file=sys.stderr)  # noqa: T201 - what the command says
    return status


COMMANDS = {
    "create": make,
    "verify": check,
    "restore": put_back,
    "decrypt": decrypt,
    "revision": revision,
    "settle": end_actions,
}

if __name__ == "__main__":
    sys.exit(main())

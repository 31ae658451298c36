"""The names of backups: backup-20261130-030000.tar.gz, with .age behind it where encrypted."""

import re
from collections.abc import Iterable
from datetime import datetime

NAME = re.compile(r"backup-(\d{8}-\d{6})\.tar\.gz(\.age)?")


def name_of(moment: datetime, *, is_encrypted: bool) -> str:
    return f"backup-{moment:%Y%m%d-%H%M%S}.tar.gz" + (".age" if is_encrypted else "")


def old_ones(names: Iterable[str], most: int) -> list[str]:
    """The backups among the names, without the newest `most`; other names are nobody's."""
    found = sorted((name for name in names if NAME.fullmatch(name)), reverse=True)
    return found[most:]

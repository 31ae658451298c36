"""Files that are whole after a crash: written beside their place, synced, renamed."""

import os
from pathlib import Path

PART = ".part"


def write_parts(contents: dict[Path, bytes]) -> None:
    """Writes all, then renames one after the other in the order given: the last one is there only
    with the others.

    Raises OSError; nothing half written is left then under any of the names.
    """
    parts = {path: path.with_name("." + path.name + PART) for path in contents}
    try:
        for path, data in contents.items():
            _write(parts[path], data)
        for path, part in parts.items():
            part.rename(path)
        _sync_folder(next(iter(contents)).parent)
    except OSError:
        for path in (*reversed(contents), *parts.values()):
            path.unlink(missing_ok=True)
        raise


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

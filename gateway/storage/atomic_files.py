"""Files that are complete after a crash: written under another name, synced, renamed."""

import os
from pathlib import Path

PART = ".part"


def write_parts(contents: dict[Path, bytes]) -> None:
    """Writes {path: bytes}, all in one folder, then renames them in order.

    So the last path exists only if the others do. Raises OSError; then none of the paths exists.
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

"""Reads regular files up to a bound; refuses FIFOs, devices and folders without waiting."""

import os
import stat
from pathlib import Path

# Size, mtime, ctime, device and inode: one of them changes when a file is written or replaced.
Stamp = tuple[int, int, int, int, int]
KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class NotPlain(OSError):
    """The path is no regular file, or too large. The message says which."""


def stamp_of(status: os.stat_result) -> Stamp:
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_dev, status.st_ino)


def read_whole(path: Path, most: int) -> bytes:
    """Returns the file's bytes. Raises OSError; NotPlain for no file or more than `most` bytes."""
    opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    with os.fdopen(opened, "rb") as file:
        status = os.fstat(opened)
        if not stat.S_ISREG(status.st_mode):
            raise NotPlain(f"is {KINDS.get(stat.S_IFMT(status.st_mode), 'no file')}, not a file")
        data = file.read(most + 1)
    if len(data) > most:
        raise NotPlain(f"has {max(status.st_size, len(data))} bytes; at most {most} are read")
    return data

"""A file system of its own, to be broken or filled. Needs root."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

SIZE = 64 * 1024**2


@dataclass(frozen=True, slots=True)
class Volume:
    """A file system of its own, in a file."""

    image: Path
    folder: Path

    def mount(self) -> None:
        run("e2fsck", "-p", self.image, allowed=(0, 1))
        run("mount", "-o", "loop,errors=remount-ro", self.image, self.folder)

    def breaks(self) -> None:
        """Ends all writing, also to files that are open."""
        run("mount", "-o", "remount,abort", self.folder, allowed=(0, 1, 32))

    def unmount(self) -> None:
        run("umount", self.folder)

    def fill(self) -> Path:
        """Takes all room that is left. Returns the file that has it."""
        file = self.folder / "rest"
        with file.open("wb") as rest, suppress(OSError):
            while True:
                rest.write(bytes(4096))
                rest.flush()
        return file


def run(*command: str | Path, allowed: tuple[int, ...] = (0,)) -> None:
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode in allowed, ended.stderr


@contextmanager
def mounted(folder: Path) -> Iterator[Volume]:
    made = Volume(folder / "image", folder / "volume")
    made.folder.mkdir()
    with made.image.open("wb") as image:
        image.truncate(SIZE)
    run("mke2fs", "-q", "-t", "ext4", made.image)
    made.mount()
    try:
        yield made
    finally:
        subprocess.run(["umount", made.folder], capture_output=True)

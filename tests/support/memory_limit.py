"""A control group of its own, in which a process can run out of memory. Needs root."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOTS = (Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup"))  # of version 1, of version 2
IN_GROUP = 'echo $$ >"$0/cgroup.procs" && exec "$@"'


@dataclass(frozen=True, slots=True)
class MemoryGroup:
    folder: Path

    def around(self, command: list[str]) -> list[str]:
        """The command, with all its memory in this group."""
        return ["sh", "-c", IN_GROUP, str(self.folder), *command]

    def leave_no_room(self) -> None:
        """The kernel ends a process of the group that asks for more than it has now."""
        limit = self.folder / "memory.max"
        if limit.exists():
            limit.write_text((self.folder / "memory.current").read_text())
            return
        # Version 1 refuses a limit that is below what is in use, and that grows meanwhile.
        for _ in range(100):
            used = int((self.folder / "memory.usage_in_bytes").read_text())
            with suppress(OSError):
                (self.folder / "memory.limit_in_bytes").write_text(str(used))
                return
        raise AssertionError("no limit was taken")


def can_limit() -> bool:
    return os.geteuid() == 0 and _root() is not None


@contextmanager
def memory_group(name: str) -> Iterator[MemoryGroup]:
    root = _root()
    assert root is not None
    folder = root / f"{name}-{os.getpid()}"
    folder.mkdir()
    try:
        yield MemoryGroup(folder)
    finally:
        folder.rmdir()


def _root() -> Path | None:
    """Where groups with a limit on memory can be made."""
    for root in ROOTS:
        control = root / "cgroup.subtree_control"
        if (root / "memory.limit_in_bytes").exists() and os.access(root, os.W_OK):
            return root
        if control.exists() and "memory" in control.read_text() and os.access(root, os.W_OK):
            return root
    return None

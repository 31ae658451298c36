"""The process's memory: glibc's malloc told to give back what is freed, and what the start has built moved into huge pages."""

import contextlib
import ctypes
from collections.abc import Iterator
from pathlib import Path

# malloc.h
M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8
# Bodies and pictures are larger; the strips of pixels that libvips works in, a hundred a picture, are not.
LARGE_BYTES = 256 * 1024
MADV_COLLAPSE = 25  # linux/mman.h, since Linux 6.1
HUGE_BYTES = 2 * 1024 * 1024
SWITCH = Path("/sys/kernel/mm/transparent_hugepage/enabled")


def configure() -> None:
    """What is larger than LARGE_BYTES goes back to the system as soon as it is freed. Left to itself malloc learns from the first freed
    body to keep megabytes for the next one, in an arena for each thread. What is smaller stays: 64 KB here meant 60 MB of fresh pages a
    picture, a tenth of its time (docs/decisions/006-the-short-way.md)."""
    with contextlib.suppress(OSError, AttributeError):  # another C library has no such knobs
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
        libc.mallopt(M_ARENA_MAX, 1)


def use_huge_pages() -> None:
    """Moves the heap as it is now into huge pages: with many streams open it is larger than what the processor remembers of small pages'
    addresses (docs/decisions/006-the-short-way.md). Does nothing where the system says `never` or has no such call."""
    with contextlib.suppress(OSError, AttributeError):
        if "[never]" in SWITCH.read_text("ascii"):
            return
        madvise = ctypes.CDLL(None).madvise
        for start, end in _heap():
            for page in range(
                -(-start // HUGE_BYTES) * HUGE_BYTES, end - HUGE_BYTES + 1, HUGE_BYTES
            ):
                madvise(ctypes.c_void_p(page), ctypes.c_size_t(HUGE_BYTES), MADV_COLLAPSE)


def _heap() -> Iterator[tuple[int, int]]:
    """This process's own writable mappings that are no file's, as addresses (proc(5), /proc/pid/maps)."""
    for line in Path("/proc/self/maps").read_text("utf-8").splitlines():
        addresses, rights, _, _, inode, *name = line.split()
        if rights.startswith("rw") and inode == "0" and name in ([], ["[heap]"]):
            start, end = addresses.split("-")
            yield int(start, 16), int(end, 16)

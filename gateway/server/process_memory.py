"""Sets up the process's memory: malloc, the garbage collector and huge pages.

docs/decisions/006-the-short-way.md has what each is worth.
"""

import contextlib
import ctypes
import gc
import sys
from collections.abc import Iterator
from pathlib import Path

# malloc.h
M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8
# Bodies and pictures are larger. The strips of pixels that libvips works in, a hundred a picture,
# are smaller: with a threshold of 64 KB each picture cost 60 MB of fresh pages.
LARGE_BYTES = 256 * 1024
MADV_COLLAPSE = 25  # linux/mman.h, since Linux 6.1
HUGE_BYTES = 2 * 1024 * 1024
SWITCH = Path("/sys/kernel/mm/transparent_hugepage/enabled")
# A thread that parses a body lets the event loop in after so many seconds. Python's own 5 ms
# would stall every stream.
SWITCH_SECONDS = 0.001


def configure() -> None:
    """Makes glibc give back blocks above LARGE_BYTES as soon as they are freed.

    Without it malloc learns from the first freed body to keep megabytes for the next one, in an
    arena for each thread. Call it before anything large is allocated.
    """
    with contextlib.suppress(OSError, AttributeError):  # another C library has no such settings
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
        libc.mallopt(M_ARENA_MAX, 1)


def settle() -> None:
    """Call it once everything is built, before the first request."""
    # What is built by now stays, so the collector need not look at it again. A stream makes few
    # cycles, and a full collection stops all streams.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)
    use_huge_pages()
    sys.setswitchinterval(SWITCH_SECONDS)


def use_huge_pages() -> None:
    """Moves the heap as it is now into huge pages, for fewer misses in the processor's TLB.

    Does nothing where the system says `never` or does not know the call.
    """
    with contextlib.suppress(OSError, AttributeError):
        if "[never]" in SWITCH.read_text("ascii"):
            return
        madvise = ctypes.CDLL(None).madvise
        for start, end in _heap():
            first = -(-start // HUGE_BYTES) * HUGE_BYTES
            for page in range(first, end - HUGE_BYTES + 1, HUGE_BYTES):
                madvise(ctypes.c_void_p(page), ctypes.c_size_t(HUGE_BYTES), MADV_COLLAPSE)


def _heap() -> Iterator[tuple[int, int]]:
    """Yields (start, end) of this process's writable mappings without a file (proc(5), maps)."""
    for line in Path("/proc/self/maps").read_text("utf-8").splitlines():
        addresses, rights, _, _, inode, *name = line.split()
        if rights.startswith("rw") and inode == "0" and name in ([], ["[heap]"]):
            start, end = addresses.split("-")
            yield int(start, 16), int(end, 16)

"""Makes glibc return freed memory: reading a picture takes hundreds of megabytes for a second."""

import contextlib
import ctypes

# malloc.h
M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8
LARGE_BYTES = 1024 * 1024


def configure() -> None:
    """Blocks above LARGE_BYTES return to the system when freed; threads share one arena."""
    with contextlib.suppress(OSError, AttributeError):  # other C libraries have no such options
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
        libc.mallopt(M_ARENA_MAX, 1)


def trim() -> None:
    """Returns what is free inside the heap to the system."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)

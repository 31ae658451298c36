"""glibc's malloc, told to give memory back. Left to itself it learns from the first freed body to keep megabytes for the next one, in
an arena for each thread."""

import contextlib
import ctypes

# malloc.h
M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8
LARGE_BYTES = 64 * 1024  # the lines of pixels that libvips works in are larger, and so are bodies and pictures


def configure() -> None:
    """What is larger than LARGE_BYTES goes back to the system as soon as it is freed."""
    with contextlib.suppress(OSError, AttributeError):  # another C library has no such knobs
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
        libc.mallopt(M_ARENA_MAX, 2)

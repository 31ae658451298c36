"""Image work with libvips alone: for each JPEG named on stdin, does what the gateway does and
prints the CPU seconds.
"""

import resource
import sys
from pathlib import Path

import pyvips

SIDE, JPEG_QUALITY = 2048, 90


def main() -> None:
    pyvips.cache_set_max(0)
    for line in sys.stdin:
        data = Path(line.strip()).read_bytes()
        before = spent()
        scaled(data)
        print(spent() - before, flush=True)


def scaled(data: bytes) -> bytes:
    image = pyvips.Image.thumbnail_buffer(data, SIDE, height=SIDE, size="down", fail_on="truncated")
    encoded: bytes = image.jpegsave_buffer(Q=JPEG_QUALITY, keep="none")
    return encoded


def spent() -> float:
    """CPU seconds of all threads, including libvips' own."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()

"""The image work alone: libvips does to the JPEGs named what the gateway does, and its CPU seconds are printed."""

import resource
import sys
from pathlib import Path

import pyvips

SIDE, JPEG_QUALITY = 2048, 90


def main() -> None:
    pyvips.cache_set_max(0)
    files = [Path(name).read_bytes() for name in sys.argv[1:]]
    scaled(files[0])  # loading the libraries is not the job
    before = spent()
    for data in files:
        scaled(data)
    print(spent() - before)


def scaled(data: bytes) -> bytes:
    image = pyvips.Image.thumbnail_buffer(data, SIDE, height=SIDE, size="down", fail_on="truncated")
    encoded: bytes = image.jpegsave_buffer(Q=JPEG_QUALITY, keep="none")
    return encoded


def spent() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()

"""A heap in huge pages keeps its content and does not use more memory."""

import platform
import subprocess
import sys
from pathlib import Path

SCRIPT = """
from pathlib import Path
from gateway.server import process_memory

def kilobytes(name):
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    line = next(line for line in lines if line.startswith(name))
    return int(line.split()[1])

kept = [str(number) * 8 for number in range(400_000)]
before = kilobytes("Rss")
process_memory.use_huge_pages()
assert all(text == str(number) * 8 for number, text in enumerate(kept))
print(kilobytes("AnonHugePages"), kilobytes("Rss") - before)
"""


def test_the_heap_goes_into_huge_pages_as_it_is() -> None:
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    huge, grown = map(int, run.stdout.split())
    switch = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    release = tuple(int(number) for number in platform.release().split(".")[:2])
    is_possible = (
        release >= (6, 1) and switch.exists() and "[never]" not in switch.read_text("ascii")
    )
    assert (huge > 8 * 1024) == is_possible
    assert grown < 8 * 1024

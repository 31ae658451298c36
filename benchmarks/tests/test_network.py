"""Links between hosts of their own: late, lossy and cut. Needs root, and TUN devices."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT

HAS_TUN = os.geteuid() == 0 and Path("/dev/net/tun").exists() and shutil.which("nsenter")
SEEN = """
import socket, time
from itertools import count
from benchmarks.network.hosts import Link, network

with network(["users", "server"]) as made:
    server = made.hosts["server"]
    import subprocess
    serving = subprocess.Popen(server.inside("python3", "-m", "http.server", "-b", server.address, "80"),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def seconds(link):
        made.set(link, ("users", "server"))
        began = time.monotonic()
        try:
            with socket.create_connection((server.address, 80), timeout=0.8):
                return time.monotonic() - began
        except TimeoutError:
            return None

    for _ in count():
        try:
            if seconds(Link()) is not None:
                break
        except ConnectionRefusedError:
            time.sleep(0.05)
    at_once, late, cut, healed = map(seconds, (Link(), Link(delay=0.1), Link(is_cut=True), Link()))
    serving.kill()
    serving.wait()
    assert at_once < 0.1 and healed < 0.1, (at_once, healed)
    assert 0.2 <= late < 0.4, late
    assert cut is None, cut
print("as said")
"""


@pytest.mark.skipif(not HAS_TUN, reason="needs root, /dev/net/tun and nsenter")
def test_a_link_is_late_and_cut_as_said_and_well_again() -> None:
    command = ["unshare", "--net", sys.executable, "-c", SEEN]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ended.stdout == "as said\n", ended.stderr

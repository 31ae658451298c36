"""Hosts in network namespaces of their own, and links between them that are late, lossy or cut.

Each host has a TUN device, and this process carries every packet from one to another, so no netem
is needed, which not every kernel has. Needs root and /dev/net/tun. Nothing is left behind: the
namespaces end with their processes.
"""

import ctypes
import fcntl
import heapq
import itertools
import os
import random
import select
import struct
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

CLONE_NEWNET = 0x40000000  # linux/sched.h
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000  # linux/if_tun.h
NETWORK, DEVICE, PACKET_BYTES = "10.77.0", "tun0", 2048
LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Link:
    """What happens to each packet, in both directions."""

    delay: float = 0.0  # seconds
    loss: float = 0.0  # of packets
    is_cut: bool = False


@dataclass(slots=True)
class Host:
    name: str
    number: int
    holder: "subprocess.Popen[bytes]"  # keeps the namespace
    device: int = -1  # file descriptor of the TUN device

    @property
    def address(self) -> str:
        return f"{NETWORK}.{self.number}"

    def inside(self, *command: str) -> list[str]:
        return ["nsenter", "-t", str(self.holder.pid), "-n", "--", *command]

    def run(self, *command: str) -> None:
        subprocess.run(self.inside(*command), check=True)


@dataclass(slots=True)
class Network:
    """`hosts` by name. `set` changes a link while packets run."""

    hosts: dict[str, Host]
    _links: dict[frozenset[int], Link] = field(default_factory=dict)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _chance: random.Random = field(default_factory=lambda: random.Random(1))

    def set(self, link: Link, *pairs: tuple[str, str]) -> None:
        for one, other in pairs:
            self._links[frozenset((self.hosts[one].number, self.hosts[other].number))] = link

    def heal(self) -> None:
        self._links.clear()

    def carry(self) -> None:
        """Until `stop`, in a thread."""
        devices = {host.number: host.device for host in self.hosts.values()}
        numbers = {host.device: host.number for host in self.hosts.values()}
        poll = select.poll()
        for device in devices.values():
            poll.register(device, select.POLLIN)
        late: list[tuple[float, int, int, bytes]] = []  # (when, order, device, packet)
        order = itertools.count()
        while not self._stopped.is_set():
            wait = 50.0 if not late else max(0.0, (late[0][0] - time.monotonic()) * 1000)
            for device, _ in poll.poll(min(wait, 50.0)):
                packet = os.read(device, PACKET_BYTES)
                target = packet[19] if packet[0] >> 4 == 4 else 0  # the last byte of its address
                if target not in devices:
                    continue
                link = self._links.get(frozenset((numbers[device], target)), Link())
                if link.is_cut or self._chance.random() < link.loss:
                    continue
                when = time.monotonic() + link.delay
                heapq.heappush(late, (when, next(order), devices[target], packet))
            while late and late[0][0] <= time.monotonic():
                _, _, device, packet = heapq.heappop(late)
                os.write(device, packet)

    def stop(self) -> None:
        self._stopped.set()


@contextmanager
def network(names: Sequence[str]) -> Iterator[Network]:
    """The first host is this process's own namespace, so call it in one (`unshare --net`)."""
    hosts: dict[str, Host] = {}
    thread: threading.Thread | None = None
    made = Network(hosts)
    try:
        for number, name in enumerate(names, start=1):
            command = ["sleep", "infinity"]
            holder = subprocess.Popen(command if number == 1 else ["unshare", "--net", *command])
            hosts[name] = Host(name, number, holder)
        for host in hosts.values():
            wait_for_own_namespace(host, is_ours=host.number == 1)
            host.device = tun_in(host.holder.pid)
            host.run("ip", "addr", "add", f"{host.address}/24", "dev", DEVICE)
            for device in ("lo", DEVICE):
                host.run("ip", "link", "set", device, "up")
        thread = threading.Thread(target=made.carry)
        thread.start()
        yield made
    finally:
        made.stop()
        if thread is not None:
            thread.join()
        for host in hosts.values():
            if host.device >= 0:
                os.close(host.device)
            host.holder.kill()
            host.holder.wait()


def wait_for_own_namespace(host: Host, *, is_ours: bool) -> None:
    ours = os.readlink("/proc/self/ns/net")
    while not is_ours and os.readlink(f"/proc/{host.holder.pid}/ns/net") == ours:
        time.sleep(0.01)


def tun_in(pid: int) -> int:
    """A TUN device in the namespace of that process; this thread comes back to its own."""
    with Path("/proc/thread-self/ns/net").open("rb") as own:
        with Path(f"/proc/{pid}/ns/net").open("rb") as other:
            enter(other.fileno())
        try:
            device = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
            fcntl.ioctl(
                device, TUNSETIFF, struct.pack("16sH22x", DEVICE.encode(), IFF_TUN | IFF_NO_PI)
            )
        finally:
            enter(own.fileno())
    return device


def enter(namespace: int) -> None:
    """Raises OSError."""
    if LIBC.setns(namespace, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")

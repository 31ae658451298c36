"""A name server on a loopback address, which a test can silence, and processes that ask it."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ADDRESS = "127.53.0.1"
PORT = 53
A, SERVFAIL = 1, 2
POINTER = b"\xc0\x0c"  # to the question's name


@dataclass(slots=True)
class NameServer:
    """Answers each question for an IPv4 address with `address`, unless `mode` says otherwise."""

    resolv_conf: Path
    address: str = "127.0.0.1"
    mode: str = "answers"  # or `silent`, `fails`
    asked: list[str] = field(default_factory=list)

    def reply(self, query: bytes) -> bytes | None:
        if self.mode == "silent":
            return None
        end = query.index(b"\0", 12) + 5
        name, kind = query[12:end], struct.unpack("!H", query[end - 4 : end - 2])[0]
        found = kind == A and self.mode == "answers"
        flags = 0x8180 | (SERVFAIL if self.mode == "fails" else 0)
        head = query[:2] + struct.pack("!HHHHH", flags, 1, int(found), 0, 0)
        data = socket.inet_aton(self.address)
        record = POINTER + struct.pack("!HHIH", A, 1, 600, len(data)) + data
        self.asked.append(name.decode("latin-1"))
        return head + name + (record if found else b"")


@contextmanager
def name_server(folder: Path) -> Iterator[NameServer]:
    """Needs root, for its port."""
    resolv_conf = folder / "resolv.conf"
    resolv_conf.write_text(f"nameserver {ADDRESS}\n")
    served = NameServer(resolv_conf)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind((ADDRESS, PORT))
        thread = threading.Thread(target=_serve, args=(served, wire))
        thread.start()
        try:
            yield served
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"", (ADDRESS, PORT))
            thread.join()


def _serve(served: NameServer, wire: socket.socket) -> None:
    while True:
        query, client = wire.recvfrom(512)
        if not query:
            return
        if (reply := served.reply(query)) is not None:
            wire.sendto(reply, client)


def asking_it(served: NameServer, command: list[str]) -> list[str]:
    """The command in a file system of its own, whose name server is this one."""
    mount = f'mount --bind "{served.resolv_conf}" /etc/resolv.conf && exec "$@"'
    return ["unshare", "--mount", "sh", "-c", mount, "sh", *command]

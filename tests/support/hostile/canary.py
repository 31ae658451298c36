"""A server on every address of this machine that counts its connections."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass


@dataclass
class Canary:
    port: int
    woken: int = 0


@contextmanager
def listening() -> Iterator[Canary]:
    both = socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if both else socket.AF_INET
    with socket.create_server(
        ("::" if both else "0.0.0.0", 0), family=family, dualstack_ipv6=both
    ) as server:
        canary = Canary(server.getsockname()[1])

        def count() -> None:
            with suppress(OSError):
                while True:
                    came, _ = server.accept()
                    canary.woken += 1
                    came.close()

        counting = threading.Thread(target=count, daemon=True)
        counting.start()
        yield canary
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        counting.join(5)

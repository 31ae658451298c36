"""Several pytest workers on one machine (pytest-xdist): what each may take, and when."""

import contextlib
import fcntl
import itertools
import os
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args

RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID", "")
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))

# Below the ports that Linux gives to clients (32768 and up). The first one is left to chance: two
# runs at a time then take different ones.
FIRST_PORT, PORTS, WORKERS = 20_000, 1_500, 8
_NUMBERS = itertools.count(random.randrange(PORTS))

Kind = Literal["usual", "calm", "alone"]
KINDS: tuple[Kind, ...] = get_args(Kind)

# Tests of one of these folders share what is started once: a vLLM, or Docker's networks and the
# project's name. The first that fits counts.
TOGETHER = ("tests/docker", "tests/engine/language", "tests/engine")


def scope_of(test: str) -> str:
    """The tests of one scope run on one worker, in their order: a file, or a folder that shares."""
    file = test.partition("::")[0]
    return next((folder for folder in TOGETHER if file.startswith(folder + "/")), file)


def next_port() -> int:
    """This worker's ports, each in turn."""
    return FIRST_PORT + WORKER % WORKERS * PORTS + next(_NUMBERS) % PORTS


@contextlib.contextmanager
def turn(kind: Kind) -> Iterator[None]:
    """Waits until a test may run: a usual one beside usual ones, a calm one beside calm ones, and
    one that is alone beside none.

    A test that waits keeps later ones from starting, so its wait ends.
    """
    if not RUN:
        yield
        return
    with contextlib.ExitStack() as held:
        with _locked("queue", fcntl.LOCK_EX):
            for other in KINDS:
                if other != kind:  # until none of them runs; none can start meanwhile
                    with _locked(other, fcntl.LOCK_EX):
                        pass
            how = fcntl.LOCK_EX if kind == "alone" else fcntl.LOCK_SH
            held.enter_context(_locked(kind, how))
        yield


@contextlib.contextmanager
def _locked(name: str, how: int) -> Iterator[int]:
    file = os.open(
        Path(tempfile.gettempdir(), f"sightdesk-{RUN}.{name}"), os.O_CREAT | os.O_RDWR, 0o600
    )
    try:
        fcntl.flock(file, how)
        yield file
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)  # closing is not enough: forked children have the file
        os.close(file)

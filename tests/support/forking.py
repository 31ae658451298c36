"""`python -m tests.support.forking MODULE…` imports the modules, then forks for each request.

Requests and answers are lines of JSON on stdin and stdout. `{"module", "environ", "log"}` runs a
module in a new process and answers with its id. `{"poll": id}` answers with its exit status, or
null while it runs.
"""

import ctypes
import gc
import importlib
import json
import os
import runpy
import signal
import sys
from typing import Any

ANSWERS = 1  # stdout's number
PARENT_DEATH_SIGNAL = 1  # linux/prctl.h


def main(imports: list[str]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is pytest's: it stops the servers first
    for name in imports:
        importlib.import_module(name)
    gc.collect()
    # A collection in a child would copy every page. The gateway freezes all it has at its start.
    gc.freeze()
    for line in iter(sys.stdin.buffer.readline, b""):
        request = json.loads(line)
        if "poll" in request:
            answer(ended(request["poll"]))
        elif pid := os.fork():
            answer(pid)
        else:
            become(request)
            return


def answer(told: int | None) -> None:
    os.write(ANSWERS, json.dumps(told).encode() + b"\n")


def ended(pid: int) -> int | None:
    found, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def become(request: dict[str, Any]) -> None:
    """What `python -m` does, once Python and the imports are there."""
    log = os.open(request["log"], os.O_WRONLY | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for mine, standard in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(mine, standard)
    os.close(nothing)
    os.close(log)
    ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGKILL)  # an interrupted run leaves none
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(request["environ"])
    sys.argv = [request["module"]]
    runpy.run_module(request["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])

"""The gateway without a garbage collector; on SIGUSR1 it writes into WATCH_FILE how many objects one would have found."""

import gc
import os
import signal
import sys
from pathlib import Path

from gateway.__main__ import main


def write_garbage(*_: object) -> None:
    Path(os.environ["WATCH_FILE"]).write_text(str(gc.collect()))


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, write_garbage)
    gc.disable()
    sys.exit(main())

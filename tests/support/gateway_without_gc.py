"""A gateway without garbage collection.

On SIGUSR1 it writes the number of objects that a collection finds into WATCH_FILE.
"""

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

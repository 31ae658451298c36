"""The gateway; on SIGUSR1 it writes its number of asyncio tasks into WATCH_FILE."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from gateway.__main__ import main


def write_tasks(*_: object) -> None:
    Path(os.environ["WATCH_FILE"]).write_text(
        str(len(asyncio.all_tasks(asyncio.get_running_loop())))
    )


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, write_tasks)
    sys.exit(main())

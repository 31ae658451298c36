"""Sends webhooks, and kills itself between the receiver's 200 and the commit that notes it.

`python -m tests.support.killed_sender URL FOLDER`
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from gateway.storage.database import attach_database
from gateway.webhooks.deliveries import Deliveries
from tests.support.outbox import worker


def kill(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    Deliveries.finish = kill  # type: ignore[assignment, method-assign]  # the process ends there
    asyncio.run(worker(attach_database(sys.argv[1]), Path(sys.argv[2])).run())

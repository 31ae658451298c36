"""A gateway that waits 1 s instead of 30 s for running answers after SIGTERM."""

import sys

from gateway.__main__ import main
from gateway.server import limits

if __name__ == "__main__":
    limits.STOP_SECONDS = 1
    sys.exit(main())

"""A gateway that waits 1 s instead of 30 s for running answers after SIGTERM."""

import sys

import gateway.__main__ as start

if __name__ == "__main__":
    start.STOP_SECONDS = 1
    sys.exit(start.main())

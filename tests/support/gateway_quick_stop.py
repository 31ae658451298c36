"""A gateway that gives running answers one second after SIGTERM instead of thirty."""

import sys

import gateway.__main__ as start

if __name__ == "__main__":
    start.STOP_SECONDS = 1
    sys.exit(start.main())

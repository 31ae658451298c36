"""A gateway that gives running answers one second after SIGTERM instead of thirty."""

import sys

from gateway.__main__ import main
from gateway.server import limits

if __name__ == "__main__":
    limits.STOP_SECONDS = 1
    sys.exit(main())

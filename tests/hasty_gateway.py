"""The gateway with little patience: a second for what it otherwise waits fifteen or thirty for."""

import sys

from gateway import protocol
from gateway.__main__ import main
from gateway.middleware import guard

protocol.HEAD_SECONDS = protocol.LINGER_SECONDS = protocol.TAKE_SECONDS = guard.BODY_PAUSE_SECONDS = 1.0

if __name__ == "__main__":
    sys.exit(main())

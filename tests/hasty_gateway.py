"""The gateway with little patience: a second for what it otherwise waits fifteen or thirty for."""

import sys

from gateway.__main__ import main
from gateway.middleware import request_limits
from gateway.server import limits

limits.HEAD_SECONDS = limits.LINGER_SECONDS = limits.TAKE_SECONDS = (
    request_limits.BODY_PAUSE_SECONDS
) = 1.0

if __name__ == "__main__":
    sys.exit(main())

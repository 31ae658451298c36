"""A gateway whose timeouts for slow clients are 1 s instead of 15 s or 30 s."""

import sys

from gateway.__main__ import main
from gateway.middleware import request_limits
from gateway.server import limits

limits.HEAD_SECONDS = limits.LINGER_SECONDS = limits.TAKE_SECONDS = (
    request_limits.BODY_PAUSE_SECONDS
) = 1.0

if __name__ == "__main__":
    sys.exit(main())

"""The gateway beside a thread that never ends, as one that waits for a file system that is gone."""

import sys
import threading

from gateway.__main__ import main

if __name__ == "__main__":
    threading.Thread(target=threading.Event().wait).start()
    sys.exit(main())

"""A gateway with a thread that never ends, like one that waits for a lost file system."""

import sys
import threading

from gateway.__main__ import main

if __name__ == "__main__":
    threading.Thread(target=threading.Event().wait).start()
    sys.exit(main())

"""SightDesk's gateway: authentication, limits, pictures, knowledge, engines and history."""

import os

# NumPy reads it when it is imported. OpenBLAS's threads spin while they wait, which costs more CPU
# than they save on products as small as ours (docs/decisions/017-finding-clauses.md).
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.1.0"

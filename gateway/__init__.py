"""SightDesk's gateway: authentication, limits, pictures, knowledge, engines and history."""

import os

# NumPy reads it when it is imported. OpenBLAS's threads spin while they wait: a search over 10,000
# clauses takes 3 ms of CPU with one thread, and 38 ms with two on busy cores.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.1.0"

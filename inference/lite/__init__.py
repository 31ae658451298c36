"""The embedded engine: OCR, quotes from the knowledge base, tool calls. Not a language model."""

import os

# NumPy reads it when it is imported. OpenBLAS's threads spin while they wait: a search over 10,000
# clauses takes 3 ms of CPU with one thread, and 38 ms with two on busy cores.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

MODEL = "sightdesk-lite"

"""What stops an engine from starting, as one line: the cause and the remedy."""

import traceback
from pathlib import Path


class Fault(Exception):
    """`str()` is the line. A restart alone does not cure it."""


def line_of(error: Exception) -> str:
    """Any error as one line: a Fault's own, else what was raised and where, for what nobody foresaw."""
    if isinstance(error, Fault):
        return str(error)
    last = traceback.extract_tb(error.__traceback__)[-1]
    what = " ".join(f"{type(error).__name__}: {error}".split())
    return f"{what} ({Path(last.filename).name}:{last.lineno}); please report it"

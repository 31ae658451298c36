"""Errors that stop an engine from starting, each told as one line: the cause and the remedy."""

import traceback
from pathlib import Path


class Fault(Exception):
    """A wrong setting, model or machine. `str()` is the line. A restart does not cure it."""


def line_of(error: Exception) -> str:
    """Any error as one line: a Fault's own text, else the exception and where it was raised."""
    if isinstance(error, Fault):
        return str(error)
    last = traceback.extract_tb(error.__traceback__)[-1]
    what = " ".join(f"{type(error).__name__}: {error}".split())
    return f"{what} ({Path(last.filename).name}:{last.lineno}); please report it"

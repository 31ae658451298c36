"""What stops an engine from starting, as one line: the cause and the remedy."""


class Fault(Exception):
    """`str()` is the line. A restart alone does not cure it."""

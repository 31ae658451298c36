"""What a client's connection may cost."""

HEAD_SECONDS = 15.0  # from the connection, or from a head's first byte, to the head's end
MAX_HEAD_BYTES = 64 * 1024
# Requests behind the one that is answered, on one connection. A read holds thousands of short ones,
# and all that it holds are made at once.
MAX_PIPELINED = 8
# Between the starts of two such requests, on whichever connections: many connections would
# otherwise fill the loop together.
PIPELINED_SECONDS = 0.002
# For the rest of a body whose request was answered early. To close at once would lose the answer.
LINGER_SECONDS = 15.0
# A client whose buffers are full takes something within this time, or is cut off: its answer
# holds a place in the engine.
TAKE_SECONDS = 30.0
KEEP_ALIVE_SECONDS = 75  # of an idle connection; whole seconds
STOP_SECONDS = 30  # running answers may finish for so long after SIGTERM
END_SECONDS = 5  # after STOP_SECONDS, for what is left to end by itself

"""Stores twenty questions and ten answers, and kills itself once all of them are acknowledged.

`python -m tests.support.killed_writer URL`
"""

import asyncio
import os
import signal
import sys

from gateway.storage.database import open_database
from gateway.storage.turn_store import TurnStore
from gateway.storage.turns import Answered, Asked


async def main(url: str) -> None:
    store = TurnStore(open_database(url, lambda: None))
    questions = [
        Asked(f"key:shop-{number}", f"conversation-{number}", f"answer-{number}", f"question {number}")
        for number in range(20)
    ]  # fmt: skip
    await asyncio.gather(*map(store.open, questions))
    await asyncio.gather(
        *(
            store.close(f"answer-{number}", Answered("done", f"answer {number}"))
            for number in range(10)
        )
    )
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))

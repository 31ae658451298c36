"""Tools that a system tells itself: they come after the start, and change later."""

from typing import Protocol

from gateway.connectors.described_tool import DescribedTool
from gateway.connectors.problems import Wrong


class Remote(Protocol):
    """`wrongs`: what cannot be used of it, with the place in the connector's file. `is_new`: it has
    not been asked yet."""

    is_new: bool
    tools: tuple[DescribedTool, ...]
    wrongs: tuple[Wrong, ...]

    async def refresh(self) -> bool:
        """Asks the system for its tools. Whether it answered; never raises but for cancellation.
        Where it does not answer, the last tools stay."""

    async def aclose(self) -> None:
        """Ends what is open, after the calls in flight."""

"""One engine: where it is, what it serves, how busy and how well it is."""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.upstream.breaker import Breaker, State

LITE_MODEL = "sightdesk-lite"


def nobody() -> None:
    pass


@dataclass(slots=True, eq=False)
class Upstream:
    name: str  # as metrics and logs show it: engine-1, fallback
    url: str
    model: str  # the name it serves, from its /v1/models, else MODEL_NAME
    max_model_len: int
    breaker: Breaker
    max_concurrent: int
    # Requests that take a place: those asked, and those hung up on that the engine has not let go of.
    inflight: int = 0
    # What it spends on one picture at most: it scales larger ones down. None where its profile is not known.
    max_picture_tokens: int | None = None
    freed: Callable[[], None] = nobody  # hears of each place that is given back
    # None until it was first asked.
    up: bool | None = None

    def picture_tokens(self, patches: int) -> int:
        """What a picture costs here that has so many tokens by its size."""
        return patches if self.max_picture_tokens is None else min(patches, self.max_picture_tokens)

    def take(self) -> None:
        self.inflight += 1

    def give_back(self) -> None:
        self.inflight -= 1
        self.freed()

    @property
    def is_lite(self) -> bool:
        return self.model == LITE_MODEL

    @property
    def usable(self) -> bool:
        return self.up is not False and self.breaker.state is State.CLOSED

    @property
    def hopeful(self) -> bool:
        """Whether waiting for it makes sense: it is up, and its circuit is closed or being checked."""
        return self.up is not False and self.breaker.state is not State.OPEN

    @property
    def has_room(self) -> bool:
        return self.inflight < self.max_concurrent

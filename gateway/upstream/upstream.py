"""One engine: its address, its model, its load and its health."""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.upstream.breaker import Breaker, State

LITE_MODEL = "sightdesk-lite"


def nobody() -> None:
    pass


@dataclass(slots=True, eq=False)
class Upstream:
    name: str  # in metrics and logs: engine-1, engine-1.2, fallback
    url: str
    model: str  # the name it serves, from its /v1/models, else MODEL_NAME
    max_model_len: int
    breaker: Breaker
    max_concurrent: int
    # Requests that take a place, also those hung up on that the engine has not ended yet.
    inflight: int = 0
    tokens: int = 0  # of their prompts and pictures, estimated; counted where engines tell theirs
    # Tokens in it beside those: of other gateways, and answers. None: it does not tell.
    others_tokens: float | None = None
    # Tokens of one picture at most: the engine scales larger ones down. None: not known.
    max_picture_tokens: int | None = None
    # Of `max_concurrent`, what this gateway may fill where gateways share the engine. None: all.
    share: int | None = None
    freed: Callable[[], None] = nobody  # called for each place that is given back
    up: bool | None = None  # None until the first probe
    # False: the engine takes text only, pictures become their reading. None: not known yet.
    sees: bool | None = None
    # The host that it is asked as, where `url` has an address in place of it.
    host: str = ""
    left: bool = False  # its name no longer has its address: it gets no new requests

    def picture_tokens(self, patches: int) -> int:
        """Returns the tokens of a picture here that has `patches` tokens by its size."""
        return patches if self.max_picture_tokens is None else min(patches, self.max_picture_tokens)

    def take(self, tokens: int = 0) -> None:
        self.inflight += 1
        self.tokens += tokens

    def give_back(self, tokens: int = 0) -> None:
        self.inflight -= 1
        self.tokens -= tokens
        self.freed()

    @property
    def is_lite(self) -> bool:
        return self.model == LITE_MODEL

    @property
    def usable(self) -> bool:
        return self.up is not False and self.breaker.state is State.CLOSED

    @property
    def hopeful(self) -> bool:
        """Whether it may be usable soon: it is up, and its circuit is not open."""
        return self.up is not False and self.breaker.state is not State.OPEN

    @property
    def has_room(self) -> bool:
        return self.inflight < (self.max_concurrent if self.share is None else self.share)

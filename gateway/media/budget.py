"""How all pictures of a request share IMAGE_TOKENS and the engine's places: the newest keep their size."""

ENGINE_IMAGES = 16
FLOOR_TOKENS = 256  # below this a screenshot's text cannot be read; its reading says more


class Budget:
    """Asked picture by picture, the newest first."""

    def __init__(self, tokens: int, places: int = ENGINE_IMAGES) -> None:
        self._tokens = tokens
        self._places = places

    @property
    def is_spent(self) -> bool:
        return self._places == 0

    def grant(self, tokens: int) -> int:
        """What the picture may cost: its own count, fewer, or 0 where its reading must do. After the first 0 there is nothing more."""
        if self._places == 0 or self._tokens < min(FLOOR_TOKENS, tokens):
            self._places = 0
            return 0
        granted = min(tokens, self._tokens)
        self._tokens -= granted
        self._places -= 1
        return granted

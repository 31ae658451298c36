"""How all pictures of a request share IMAGE_TOKENS and the engine's places: the newest keep their size."""

from collections.abc import Sequence

ENGINE_IMAGES = 16
FLOOR_TOKENS = 256  # below this a screenshot's text cannot be read; its reading says more


def share(tokens: Sequence[int], budget: int, places: int = ENGINE_IMAGES) -> list[int]:
    """What each picture may cost, oldest first, in tokens: its own count, fewer, or 0 where its reading must do."""
    granted = [0] * len(tokens)
    for number in range(len(tokens) - 1, -1, -1):
        if places == 0 or budget < min(FLOOR_TOKENS, tokens[number]):
            break
        granted[number] = min(tokens[number], budget)
        budget -= granted[number]
        places -= 1
    return granted

"""How a long image is cut into overlapping tiles."""

from gateway.media.limits import LONG_RATIO, MAX_TILES

OVERLAP = 0.06  # of the longer side
Box = tuple[int, int, int, int]  # left, top, width, height in pixels


def tile_boxes(width: int, height: int, side: int) -> list[Box]:
    """The tiles of an image; one where it is within 3:1 or needs no scaling. `side`: the longest
    side that is not scaled."""
    longer, shorter = max(width, height), min(width, height)
    if longer <= LONG_RATIO * shorter or longer <= side:
        return [(0, 0, width, height)]
    count = min(MAX_TILES, max(2, round(longer / (2 * shorter))))
    overlap = int(longer * OVERLAP)
    step = (longer - overlap) / count
    starts = [round(step * number) for number in range(count)]
    length = round(step) + overlap
    if height >= width:
        return [(0, start, width, min(length, height - start)) for start in starts]
    return [(start, 0, min(length, width - start), height) for start in starts]

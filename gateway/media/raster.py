"""Prepares one image with libvips, in a worker: metadata removed, header checked, decoded, scaled,
upright, in sRGB, encoded again."""

from dataclasses import replace
from typing import Any

from gateway.errors import InvalidImage
from gateway.media.colours import opaque, upright
from gateway.media.limits import MediaLimits, check_size
from gateway.media.metadata_removal import strip_metadata
from gateway.media.picture import DAMAGED, Picture, digest, tokens_of
from gateway.media.tiles import Box, tile_boxes
from gateway.media.vips import load, load_lazily, pyvips

JPEG_QUALITY = 90
MIN_SIDE = 32  # one patch, the least that the vision model takes
FIRST_ON_SIDE = 5  # EXIF orientations 5 to 8 are rotated by 90°


def prepare_image(data: bytes | bytearray, kind: str, limits: MediaLimits) -> list[Picture]:
    """One picture, or up to MAX_TILES overlapping tiles of an image longer than 3:1. Raises
    ImageTooLarge, InvalidImage or MemoryError."""
    stripped = strip_metadata(data, kind)
    try:
        image = load(stripped.data, kind, limits)
        check_size(image.width, image.height, limits)
        size = image.width, image.height
        is_on_side = stripped.orientation >= FIRST_ON_SIDE
        boxes = tile_boxes(*(size[::-1] if is_on_side else size), limits.scale_to_side)
        if len(boxes) > 1:
            whole = upright(opaque(image), stripped.orientation).copy_memory()
            return _tiles(whole, boxes, limits, kind)
        scale = _scale(boxes[0], limits)
        if kind == "image/jpeg" and scale < 1:
            image = load_lazily(stripped.data, kind, shrink=_shrink_on_load(scale))
        small = upright(_resized(opaque(image), size, scale), stripped.orientation)
        return [_picture(small, boxes[0], scale, kind)]
    except pyvips.Error as error:
        if "out of memory" in str(error):
            raise MemoryError from None
        raise InvalidImage(DAMAGED, details={"name": "damaged"}) from None


def prepare_page(
    pixels: bytes, width: int, height: int, number: int, limits: MediaLimits
) -> list[Picture]:
    """A PDF page from its RGB bytes, or the tiles of a page longer than 3:1. `number`: 1 first."""
    page = pyvips.Image.new_from_memory(pixels, width, height, 3, "uchar").copy(
        interpretation="srgb"
    )
    boxes = tile_boxes(width, height, limits.scale_to_side)
    return [
        replace(picture, page=number) for picture in _tiles(page, boxes, limits, "application/pdf")
    ]


def shrink(data: bytes | bytearray, max_tokens: int) -> Picture:
    """A prepared picture in at most about `max_tokens` tokens. `scale` is relative to `data`."""
    image = pyvips.Image.new_from_buffer(bytes(data), "", fail_on="truncated")
    factor = min(1.0, (max_tokens / tokens_of(image.width, image.height)) ** 0.5)
    small = image.resize(factor)
    encoded = _jpeg(small)
    return Picture(encoded, "image/jpeg", small.width, small.height, digest(encoded), factor)


def _tiles(whole: Any, boxes: list[Box], limits: MediaLimits, kind: str) -> list[Picture]:
    scales = [(box, _scale(box, limits)) for box in boxes]
    return [
        _picture(_resized(whole.crop(*box), box[2:], scale), box, scale, kind)
        for box, scale in scales
    ]


def _shrink_on_load(scale: float) -> int:
    """The factor (1, 2, 4 or 8) by which a JPEG is shrunk while it is decoded, at a third of the
    cost. At least a factor of 2 is left to the resampler, as in libvips' own thumbnails."""
    return next((shrink for shrink in (8, 4, 2) if scale * shrink <= 1 / 2), 1)


def _scale(box: Box, limits: MediaLimits) -> float:
    return min(1.0, limits.scale_to_side / max(box[2:]))


def _resized(image: Any, size: tuple[int, ...], scale: float) -> Any:
    """Scales to `size` times `scale`. The image may have been shrunk by its decoder already."""
    width, height = (max(1, round(side * scale)) for side in size)
    if (width, height) == (image.width, image.height):
        return image
    return image.resize(width / image.width, vscale=height / image.height)


def _picture(image: Any, box: Box, scale: float, kind: str) -> Picture:
    if min(image.width, image.height) < MIN_SIDE:
        width, height = max(image.width, MIN_SIDE), max(image.height, MIN_SIDE)
        image = image.embed(0, 0, width, height, extend="copy")
    data, content_type = _encoded(image, kind)
    return Picture(data, content_type, image.width, image.height, digest(data), scale, box[:2])


def _encoded(image: Any, kind: str) -> tuple[bytes, str]:
    """(file, media type). JPEG for photographs, PNG where the file is smaller: screenshots stay
    lossless. Without metadata."""
    if kind == "image/jpeg":
        return _jpeg(image), "image/jpeg"
    image = image.copy_memory()
    png = image.pngsave_buffer(compression=3, keep="none")
    if len(png) <= image.width * image.height // 4:
        return png, "image/png"
    jpeg = _jpeg(image)
    return (png, "image/png") if len(png) <= len(jpeg) else (jpeg, "image/jpeg")


def _jpeg(image: Any) -> bytes:
    data: bytes = image.jpegsave_buffer(Q=JPEG_QUALITY, keep="none")
    return data

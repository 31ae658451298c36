"""One image: without metadata, header checked, decoded, upright, in sRGB, scaled, encoded again. By libvips, in a worker."""

import os
from dataclasses import replace
from typing import Any

# Before libvips loads: none of its fuzz-prone loaders, and a thread a picture. A second one would save a fifth of a picture's time
# and take a fifth more memory, and pictures are worked on side by side as it is.
os.environ.setdefault("VIPS_BLOCK_UNTRUSTED", "1")
os.environ.setdefault("VIPS_CONCURRENCY", "1")
os.environ.setdefault("VIPS_DISC_THRESHOLD", "64g")  # a worker may write no file

import pyvips

from gateway.errors import InvalidImage
from gateway.media import pillow_decoders
from gateway.media.essence import essence
from gateway.media.limits import LONG_RATIO, MAX_TILES, MediaLimits, check_size
from gateway.media.metadata import MAX_PROFILE_BYTES
from gateway.media.picture import DAMAGED, Picture, digest, tokens_of

pyvips.cache_set_max(0)  # every picture is new; a cache would only hold on to customers' pictures

JPEG_QUALITY = 90
MIN_SIDE = 32  # one patch: the vision tower takes nothing smaller
TILE_OVERLAP = 0.06
WHITE, DARK = 255, 32  # what transparency is flattened onto
VISIBLE = 0.25  # of full opacity
FIRST_TURNED = 5  # EXIF orientations 5 to 8 lie on their side
LOADERS = {
    "image/jpeg": "jpegload_source",
    "image/png": "pngload_source",
    "image/webp": "webpload_source",
    "image/gif": "gifload_source",
}
Box = tuple[int, int, int, int]  # left, top, width, height


def prepare_image(data: bytes | bytearray, kind: str, limits: MediaLimits) -> list[Picture]:
    """One picture, or up to four overlapping tiles of one longer than 3:1. Raises ImageTooLarge, InvalidImage or
    MemoryError."""
    bare = essence(data, kind)
    try:
        image = _loaded(bare.data, kind) if kind in LOADERS else _decoded(bare.data, kind, limits)
        check_size(image.width, image.height, limits)
        size = image.width, image.height
        boxes = tile_boxes(
            *(size[::-1] if bare.orientation >= FIRST_TURNED else size), limits.scale_to_side
        )
        if len(boxes) == 1:
            scale = _scale(boxes[0], limits)
            if kind == "image/jpeg" and scale < 1:
                image = _loaded(bare.data, kind, shrink=_shrink_on_load(scale))
            return [
                _picture(
                    _upright(_resized(_opaque(image), size, scale), bare.orientation),
                    boxes[0],
                    scale,
                    kind,
                )
            ]
        return _tiles(_upright(_opaque(image), bare.orientation).copy_memory(), boxes, limits, kind)
    except pyvips.Error as error:
        if "out of memory" in str(error):
            raise MemoryError from None
        raise InvalidImage(DAMAGED, details={"name": "damaged"}) from None


def prepare_page(
    pixels: bytes, width: int, height: int, number: int, limits: MediaLimits
) -> list[Picture]:
    """A PDF's page from its RGB bytes, or the tiles of one longer than 3:1."""
    page = pyvips.Image.new_from_memory(pixels, width, height, 3, "uchar").copy(
        interpretation="srgb"
    )
    boxes = tile_boxes(width, height, limits.scale_to_side)
    return [
        replace(picture, page=number) for picture in _tiles(page, boxes, limits, "application/pdf")
    ]


def _tiles(whole: Any, boxes: list[Box], limits: MediaLimits, kind: str) -> list[Picture]:
    scales = [(box, _scale(box, limits)) for box in boxes]
    return [
        _picture(_resized(whole.crop(*box), box[2:], scale), box, scale, kind)
        for box, scale in scales
    ]


def tile_boxes(width: int, height: int, side: int) -> list[Box]:
    """The tiles: the whole where it is within 3:1 or needs no scaling."""
    longer, shorter = max(width, height), min(width, height)
    if longer <= LONG_RATIO * shorter or longer <= side:
        return [(0, 0, width, height)]
    count = min(MAX_TILES, max(2, round(longer / (2 * shorter))))
    overlap = int(longer * TILE_OVERLAP)
    step = (longer - overlap) / count
    starts = [round(step * number) for number in range(count)]
    length = round(step) + overlap
    if height >= width:
        return [(0, start, width, min(length, height - start)) for start in starts]
    return [(start, 0, min(length, width - start), height) for start in starts]


def shrink(data: bytes | bytearray, max_tokens: int) -> Picture:
    """A picture that the gateway made, in at most about `max_tokens` tokens; `scale` is from there."""
    image = pyvips.Image.new_from_buffer(bytes(data), "", fail_on="truncated")
    factor = min(1.0, (max_tokens / tokens_of(image.width, image.height)) ** 0.5)
    small = image.resize(factor)
    made = _jpeg(small)
    return Picture(made, "image/jpeg", small.width, small.height, digest(made), factor)


def _loaded(data: bytes | bytearray | memoryview, kind: str, **options: int) -> Any:
    """Decoded line by line as it is worked on, so that 36 MB of pixels need not be there at once. By a source, since
    pyvips copies what it loads as a buffer."""
    if kind in ("image/gif", "image/webp"):
        options["n"] = 1
    source = pyvips.Source.new_from_memory(data)
    return getattr(pyvips.Image, LOADERS[kind])(
        source, access="sequential", fail_on="truncated", **options
    )


def _decoded(data: bytes | bytearray | memoryview, kind: str, limits: MediaLimits) -> Any:
    """What libvips does not read: all pixels at once."""
    pixels = pillow_decoders.decoded(bytes(data), kind, limits)
    padded = pyvips.Image.new_from_memory(
        pixels.data, pixels.line // pixels.bands, pixels.height, pixels.bands, "uchar"
    )
    image = padded.copy(interpretation="srgb").crop(0, 0, pixels.width, pixels.height)
    if 0 < len(pixels.profile) <= MAX_PROFILE_BYTES:
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", pixels.profile)
    return image


def _shrink_on_load(scale: float) -> int:
    """JPEGs shrink by 2, 4 or 8 while they are decoded, at a third of the cost. What is left to the resampler is at least a half, as
    in libvips' own thumbnails."""
    return next((shrink for shrink in (8, 4, 2) if scale * shrink <= 1 / 2), 1)


def _scale(box: Box, limits: MediaLimits) -> float:
    return min(1.0, limits.scale_to_side / max(box[2:]))


def _opaque(image: Any) -> Any:
    """Transparency onto what contrasts, before anything is scaled: what lies under it would bleed."""
    if not image.hasalpha():
        return image
    image = _srgb(image).copy_memory()  # it is looked at twice
    return image.flatten(background=[_backdrop(image)] * (image.bands - 1))


def _backdrop(image: Any) -> int:
    """Dark where the visible pixels are bright on average: white letters on nothing would be lost on white."""
    visible = image[image.bands - 1] > VISIBLE * WHITE
    share = visible.avg() / WHITE
    light = image.extract_band(0, n=image.bands - 1).colourspace("b-w")
    mean = visible.ifthenelse(light, 0).avg() / share if share else 0
    return DARK if mean > WHITE / 2 else WHITE


def _resized(image: Any, size: tuple[int, ...], scale: float) -> Any:
    """To `size` times `scale`; the image may have been shrunk on the way already."""
    width, height = (max(1, round(side * scale)) for side in size)
    if (width, height) == (image.width, image.height):
        return image
    return image.resize(width / image.width, vscale=height / image.height)


def _upright(image: Any, orientation: int) -> Any:
    """EXIF orientation applied, colours to sRGB, eight bits. The last, where there are the fewest pixels."""
    if orientation > 1:
        image = (
            image.copy_memory()
        )  # it is read line by line, and turning needs the last line first
        image.set_type(pyvips.GValue.gint_type, "orientation", orientation)
        image = image.autorot()
    return _srgb(image)


def _srgb(image: Any) -> Any:
    if image.get_typeof("icc-profile-data"):
        try:
            image = image.icc_transform("srgb", embedded=True).copy()
        except pyvips.Error:
            image = image.colourspace("srgb").copy()
        image.remove("icc-profile-data")  # said once
    elif image.interpretation not in ("srgb", "b-w"):
        image = image.colourspace("srgb")
    return image if image.format == "uchar" else image.cast("uchar")


def _picture(image: Any, box: Box, scale: float, kind: str) -> Picture:
    if min(image.width, image.height) < MIN_SIDE:
        image = image.embed(
            0, 0, max(image.width, MIN_SIDE), max(image.height, MIN_SIDE), extend="copy"
        )
    encoded, content_type = _encoded(image, kind)
    return Picture(
        encoded, content_type, image.width, image.height, digest(encoded), scale, box[:2]
    )


def _jpeg(image: Any) -> bytes:
    data: bytes = image.jpegsave_buffer(Q=JPEG_QUALITY, keep="none")
    return data


def _encoded(image: Any, kind: str) -> tuple[bytes, str]:
    """Screenshots stay lossless where that is the smaller file; photographs are JPEG. No metadata either way."""
    if kind == "image/jpeg":
        return _jpeg(image), "image/jpeg"
    image = image.copy_memory()
    png = image.pngsave_buffer(compression=3, keep="none")
    if len(png) <= image.width * image.height // 4:
        return png, "image/png"
    jpeg = _jpeg(image)
    return (png, "image/png") if len(png) <= len(jpeg) else (jpeg, "image/jpeg")

"""Makes images opaque, upright, and sRGB."""

from typing import Any

from gateway.media.vips import pyvips

WHITE, DARK = 255, 32  # backgrounds for transparency
VISIBLE = 0.25  # share of full opacity


def opaque(image: Any) -> Any:
    """Replaces transparency by a contrasting background, before scaling: colours under transparent
    pixels would bleed into visible ones."""
    if not image.hasalpha():
        return image
    image = srgb(image).copy_memory()  # it is read twice
    return image.flatten(background=[_background(image)] * (image.bands - 1))


def _background(image: Any) -> int:
    """DARK where the visible pixels are bright on average: white letters would vanish on white."""
    visible = image[image.bands - 1] > VISIBLE * WHITE
    share = visible.avg() / WHITE
    light = image.extract_band(0, n=image.bands - 1).colourspace("b-w")
    mean = visible.ifthenelse(light, 0).avg() / share if share else 0
    return DARK if mean > WHITE / 2 else WHITE


def upright(image: Any, orientation: int) -> Any:
    """Applies the EXIF orientation and converts to sRGB of eight bits. Done last, on the fewest
    pixels."""
    if orientation > 1:
        image = image.copy_memory()  # rotation needs the last line first
        image.set_type(pyvips.GValue.gint_type, "orientation", orientation)
        image = image.autorot()
    return srgb(image)


def srgb(image: Any) -> Any:
    """Converts by the colour profile where there is one."""
    if image.get_typeof("icc-profile-data"):
        try:
            image = image.icc_transform("srgb", embedded=True).copy()
        except pyvips.Error:
            image = image.colourspace("srgb").copy()
        image.remove("icc-profile-data")  # it is applied
    elif image.interpretation not in ("srgb", "b-w"):
        image = image.colourspace("srgb")
    return image if image.format == "uchar" else image.cast("uchar")

"""Generated photographs like those of phones: 12 megapixels, about 4 MB of JPEG, reproducible."""

import base64

import numpy as np
import pyvips

QUALITY = 88
GRAIN = 11  # noise of a sensor; with it the file has a real size


def photos(count: int, width: int, seed: int) -> list[bytes]:
    """JPEGs of `width` × ¾ `width` pixels, all different, also from those of other seeds."""
    height = width * 3 // 4
    random = np.random.default_rng(seed)
    grain = random.normal(0, GRAIN, (height, width, 1)).astype(np.float32)
    across = np.linspace(0, 2 * np.pi, width, dtype=np.float32)[None, :, None]
    down = np.linspace(0, 2 * np.pi, height, dtype=np.float32)[:, None, None]
    made = []
    for _ in range(count):
        waves = random.uniform(1, 9, (2, 3)).astype(np.float32)
        scene = 128 + 55 * np.sin(across * waves[0]) + 45 * np.cos(down * waves[1])
        shifted = np.roll(grain, int(random.integers(1, height)), axis=0)
        pixels = np.clip(scene + shifted, 0, 255).astype(np.uint8)
        made.append(
            pyvips.Image.new_from_array(pixels, interpretation="srgb").jpegsave_buffer(Q=QUALITY)
        )
    return made


def content(pictures: list[bytes]) -> list[dict[str, object]]:
    """A user message with a question and pictures."""
    parts: list[dict[str, object]] = [{"type": "text", "text": "What is wrong here?"}]
    for data in pictures:
        url = "data:image/jpeg;base64," + base64.b64encode(data).decode("ascii")
        parts.append({"type": "image_url", "image_url": {"url": url}})
    return parts

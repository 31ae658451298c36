"""OCR with the models in RapidOCR's wheel (PP-OCRv6 small): pixels in, lines out, in short steps.

Nothing is downloaded. RapidOCR's own call finds and reads all text of a picture at once. Here the
lines are found first and then read in small batches: between two steps a reading can stop or
pause, and memory does not grow with the number of lines.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
import rapidocr
from numpy.typing import NDArray
from rapidocr.ch_ppocr_det.utils import DBPostProcess
from rapidocr.ch_ppocr_rec.utils import CTCLabelDecode

from inference.lite.decode import Pixels
from inference.lite.finding import Corners, length

READ_HEIGHT = 48  # pixels of a line, as the recogniser takes it
MIN_COLUMNS, MAX_COLUMNS = 320, 6_400  # pixels of such a line; a longer one is squeezed
BATCH_LINES = 6
BATCH_COLUMNS = 3_840  # of a whole batch: 150 MB of activations, a quarter of a second
ROUND = 32  # the finder's sides are multiples of this
THREADS = 2


class Engine:
    """The two models: one finds lines, one reads them. For one thread at a time."""

    def __init__(self) -> None:
        models = Path(rapidocr.__file__).parent / "models"
        self._finder = _session(models / "PP-OCRv6_det_small.onnx")
        self._reader = _session(models / "PP-OCRv6_rec_small.onnx")
        characters = self._reader.get_modelmeta().custom_metadata_map["character"].splitlines()
        self._boxes_of = DBPostProcess(
            thresh=0.3, box_thresh=0.5, unclip_ratio=1.6, use_dilation=True
        )
        self._texts_of = CTCLabelDecode(characters)

    def find(self, pixels: Pixels, scale: float, options: Any) -> list[Corners]:
        """The lines' corners in `pixels`, found in a copy of `scale` times its size.

        `options` are onnxruntime.RunOptions; setting `terminate` stops a running call.
        """
        height, width = pixels.shape[:2]
        size = [max(ROUND, round(side * scale / ROUND) * ROUND) for side in (width, height)]
        copy = cv2.resize(
            pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        )
        scores = self._finder.run(
            None, {self._finder.get_inputs()[0].name: _normal(copy)[None]}, options
        )[0]
        boxes, _ = self._boxes_of(scores, (height, width))
        return [np.asarray(box, np.float32) for box in boxes]

    def read(self, pixels: Pixels, boxes: list[Corners], options: Any) -> list[tuple[str, float]]:
        """(text, confidence 0 to 1) of each box, whose first side runs along the text."""
        crops = [_crop(pixels, box) for box in boxes]
        columns = max(MIN_COLUMNS, *(_columns(crop.shape[1], crop.shape[0]) for crop in crops))
        batch = np.zeros((len(crops), 3, READ_HEIGHT, columns), np.float32)
        for number, crop in enumerate(crops):
            line = cv2.resize(
                crop, (min(columns, _columns(crop.shape[1], crop.shape[0])), READ_HEIGHT)
            )
            batch[number, :, :, : line.shape[1]] = _normal(line)
        scores = self._reader.run(None, {self._reader.get_inputs()[0].name: batch}, options)[0]
        texts = self._texts_of(scores)[0]
        return [(text.strip(), float(score) if text.strip() else 0.0) for text, score in texts]


def _session(model: Path) -> Any:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = THREADS
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it would never shrink
    # Threads that spin while they wait cost a quarter more CPU time if the cores have other work.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def _normal(pixels: Pixels) -> NDArray[np.float32]:
    """(height, width, 3) of 0 to 255 → (3, height, width) of -1 to 1."""
    normal: NDArray[np.float32] = pixels.transpose(2, 0, 1).astype(np.float32)
    normal /= 127.5
    normal -= 1
    return normal


def _crop(pixels: Pixels, box: Corners) -> Pixels:
    """The line in `box`, level."""
    width = round(max(length(box[0], box[1]), length(box[3], box[2])))
    height = round(max(length(box[0], box[3]), length(box[1], box[2])))
    level = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    matrix = cv2.getPerspectiveTransform(np.asarray(box, np.float32), level)
    crop = cv2.warpPerspective(
        pixels,
        matrix,
        (width, height),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(crop, np.uint8)


def batches(boxes: list[Corners]) -> Iterator[list[Corners]]:
    """Batches of lines of similar length, short ones first: the longest sets a batch's width."""
    batch: list[Corners] = []
    for columns, box in sorted(
        ((_box_columns(box), box) for box in boxes), key=lambda pair: pair[0]
    ):
        if batch and (len(batch) == BATCH_LINES or (len(batch) + 1) * columns > BATCH_COLUMNS):
            yield batch
            batch = []
        batch.append(box)
    if batch:
        yield batch


def _box_columns(box: Corners) -> int:
    """Width in pixels of the line at READ_HEIGHT."""
    width = max(length(box[0], box[1]), length(box[2], box[3]))
    height = max(length(box[0], box[3]), length(box[1], box[2]))
    return max(MIN_COLUMNS, _columns(width, height))


def _columns(width: float, height: float) -> int:
    return max(1, min(MAX_COLUMNS, math.ceil(READ_HEIGHT * width / height)))

"""`python -m examples.finetune.prepare EXPORT.zip FOLDER`: moves pictures from data URLs to files.

Each line becomes {"messages": […], "images": [path, …]}: the form of Qwen's chat template, in which
`{"type": "image"}` stands where a picture is. The answer to learn is the last message.
"""

import base64
import hashlib
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/gif": ".gif"}


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    counts = prepare(Path(sys.argv[1]), Path(sys.argv[2]))
    print(", ".join(f"{name}: {count}" for name, count in counts.items()))
    return 0


def prepare(export: Path, folder: Path) -> dict[str, int]:
    """Writes `train.jsonl`, `test.jsonl` and `pictures/`. Returns the number of examples of each
    part. Raises ValueError for a picture that is not embedded."""
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    counts: dict[str, int] = {}
    with zipfile.ZipFile(export) as archive:
        for part in ("train", "test"):
            lines = archive.read(f"{part}.jsonl").decode().splitlines()
            examples = [prepared(json.loads(line)["messages"], folder) for line in lines]
            text = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in examples)
            (folder / f"{part}.jsonl").write_text(text, "utf-8")
            counts[part] = len(examples)
    return counts


def prepared(messages: list[dict[str, Any]], folder: Path) -> dict[str, Any]:
    images: list[str] = []
    return {
        "messages": [
            {"role": one["role"], "content": _content(one["content"], folder, images)}
            for one in messages
        ],
        "images": images,
    }


def _content(content: Any, folder: Path, images: list[str]) -> list[dict[str, str]]:
    """The parts; the paths of its pictures are added to `images`."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    parts: list[dict[str, str]] = []
    for part in content:
        if part["type"] == "image_url":
            images.append(_kept(part["image_url"]["url"], folder))
            parts.append({"type": "image"})
        else:
            parts.append({"type": "text", "text": part["text"]})
    return parts


def _kept(url: str, folder: Path) -> str:
    head, _, data = url.partition(";base64,")
    kind = head.removeprefix("data:")
    if not head.startswith("data:") or kind not in SUFFIXES:
        raise ValueError(f"{url[:60]}: no embedded picture; export with pictures=embedded")
    picture = base64.b64decode(data)
    path = folder / "pictures" / (hashlib.sha256(picture).hexdigest()[:32] + SUFFIXES[kind])
    path.write_bytes(picture)
    return str(path.resolve())


if __name__ == "__main__":
    sys.exit(main())

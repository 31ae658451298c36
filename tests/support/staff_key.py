"""A file of API keys whose holders are staff."""

import hashlib
import json
from pathlib import Path


def staff_keys(folder: Path, **keys: str) -> Path:
    """`keys`: name → key."""
    entries = [
        {"name": name, "sha256": hashlib.sha256(key.encode()).hexdigest(), "role": "staff"}
        for name, key in keys.items()
    ]
    file = folder / "keys.json"
    file.write_text(json.dumps({"keys": entries}))
    return file

"""A checkpoint's folder: which model it holds, how large it is, whether it is complete."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.faults import Fault

BYTES_OF = {"float32": 4, "float16": 2, "bfloat16": 2}
MAX_HEADER_BYTES = 100_000_000  # the safetensors library's own bound


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A complete vision model on disk."""

    folder: Path
    weights: int  # bytes
    kv_bytes_per_token: int

    @classmethod
    def read(cls, folder: Path) -> "Checkpoint":
        """Raises Fault if the folder holds no complete vision model that this user may read."""
        try:
            return cls._read(folder)
        except PermissionError as error:
            raise Fault(
                f"{error.filename} may not be read by user {os.getuid()}; "
                "allow it with `chmod -R a+rX` on the folder"
            ) from None
        except OSError as error:
            raise Fault(
                f"{error.filename or folder} cannot be read ({error.strerror}); check the disk"
            ) from None

    @classmethod
    def _read(cls, folder: Path) -> "Checkpoint":
        config = _config(folder)
        architecture = (config.get("architectures") or ["an unnamed architecture"])[0]
        if not any(name in config for name in ("vision_config", "visual")):
            raise Fault(
                f"{folder}: {architecture} has no vision part, which screenshots need; "
                "set MODEL_ID to a vision model such as Qwen/Qwen3-VL-8B-Instruct"
            )
        shards = _shards(folder)
        for shard in shards:
            check_complete(shard)
        return cls(
            folder, sum(shard.stat().st_size for shard in shards), kv_bytes_per_token(config)
        )


def _config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise Fault(
            f"{folder}: no config.json, so this is not a model folder; set MODEL_ID to one"
        ) from None
    except ValueError as error:
        raise Fault(f"{path} cannot be read ({error}); fetch the model again") from None
    if not isinstance(config, dict):
        raise Fault(f"{path} is not a model's configuration; fetch the model again")
    return config


def _shards(folder: Path) -> list[Path]:
    index = folder / "model.safetensors.index.json"
    if index.exists():
        try:
            names = sorted(set(json.loads(index.read_text("utf-8"))["weight_map"].values()))
        except (ValueError, KeyError, AttributeError):
            raise Fault(f"{index} is damaged; fetch the model again") from None
        missing = [name for name in names if not (folder / name).is_file()]
        if missing:
            raise Fault(
                f"{folder}: {len(missing)} of {len(names)} weight files are missing, "
                f"first {missing[0]}; fetch the model again, it goes on where it stopped"
            )
        return [folder / name for name in names]
    shards = sorted(folder.glob("*.safetensors"))
    if not shards:
        raise Fault(
            f"{folder}: no .safetensors weights; "
            "set MODEL_ID to a folder that has them, or fetch the model"
        )
    return shards


def check_complete(shard: Path) -> None:
    """Raises Fault if a safetensors file is not as long as its header says.

    The format: 8 bytes with the header's length, the header as JSON, the tensors.
    """
    size = shard.stat().st_size
    try:
        with shard.open("rb") as file:
            header_size = int.from_bytes(file.read(8), "little")
            if header_size > MAX_HEADER_BYTES:
                raise ValueError
            header = json.loads(file.read(header_size))
        ends = [
            tensor["data_offsets"][1] for name, tensor in header.items() if name != "__metadata__"
        ]
        expected = 8 + header_size + max(ends, default=0)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Fault(
            f"{shard} is damaged: no safetensors header; delete it and fetch the model again"
        ) from None
    if size != expected:
        raise Fault(f"{shard} has {size} of {expected} bytes; delete it and fetch the model again")


def kv_bytes_per_token(config: dict[str, Any]) -> int:
    """Size of one token's keys and values over all layers, in bytes.

    layers · 2 · KV heads · head size · bytes of a number.
    Qwen3-VL-8B: 36 · 2 · 8 · 128 · 2 = 144 KiB.
    """
    text = config.get("text_config") or config
    try:
        heads = text["num_attention_heads"]
        head = text.get("head_dim") or text["hidden_size"] // heads
        kv_heads = text.get("num_key_value_heads") or heads
        kind = text.get("dtype") or text.get("torch_dtype") or config.get("dtype") or "bfloat16"
        return int(text["num_hidden_layers"] * 2 * kv_heads * head * BYTES_OF.get(str(kind), 2))
    except (KeyError, TypeError):
        raise Fault(
            "config.json names no layers and heads; set MODEL_ID to a model that vLLM serves"
        ) from None

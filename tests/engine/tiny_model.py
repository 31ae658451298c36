"""Writes a tiny Qwen3-VL with random weights: real protocol, usage and image path, random words.

Run it with vLLM's Python: `.venv-vllm/bin/python tests/engine/tiny_model.py FOLDER`. It is small,
but deep enough that writing a token takes longer than passing it on, as in any real model.

The model has learned one thing: it answers the question of `lesson.json`, asked with its tool, with
a tool call in Qwen's format. So vLLM's own tool parser has something to parse.
"""

import json
import sys
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from torch.nn import functional
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
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>",
    "<|image_pad|>", "<|video_pad|>",
)  # fmt: skip
NOT_SPECIAL = (
    "<tool_call>",
    "</tool_call>",
    "<tool_response>",
    "</tool_response>",
)  # tokens that stay in the text, as in Qwen's
# Qwen's ChatML with pictures and tools, as far as the tests need it.
TEMPLATE = """\
{%- if tools %}<|im_start|>system
# Tools
{% for tool in tools %}{{ tool | tojson }}
{% endfor %}<|im_end|>
{% endif -%}
{%- for message in messages -%}
<|im_start|>{{ 'user' if message.role == 'tool' else message.role }}
{% if message.role == 'tool' %}<tool_response>
{% endif -%}
{% if message.content is string %}{{ message.content }}{% else %}{% for part in message.content -%}
{% if part.type in ('image', 'image_url') or 'image' in part %}<|vision_start|><|image_pad|><|vision_end|>{% elif 'text' in part %}{{ part.text }}{% endif -%}
{% endfor %}{% endif %}{% for call in message.tool_calls or () %}
<tool_call>
{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}
</tool_call>{% endfor %}{% if message.role == 'tool' %}
</tool_response>{% endif %}<|im_end|>
{% endfor -%}
{%- if add_generation_prompt %}<|im_start|>assistant
{% endif -%}
"""


def tokenizer() -> PreTrainedTokenizerFast:
    texts = [
        path.read_text("utf-8")
        for path in sorted(Path(__file__).parents[2].glob("knowledge/**/*.md"))
    ]
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=3000, special_tokens=list(SPECIAL), initial_alphabet=alphabet
    )
    made.train_from_iterator(texts, trainer)
    made.add_tokens([AddedToken(token, normalized=False) for token in NOT_SPECIAL])
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
        "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 64,
        "max_position_embeddings": 65_536,
        "rope_scaling": {"rope_type": "default", "mrope_section": [12, 10, 10],
                         "mrope_interleaved": True},
        "rope_parameters": {"rope_type": "default", "rope_theta": 1_000_000.0,
                            "mrope_section": [12, 10, 10], "mrope_interleaved": True},
        "bos_token_id": None, "eos_token_id": words.eos_token_id, "tie_word_embeddings": True,
        "dtype": "float32",
    }  # fmt: skip
    vision = {
        "depth": 2, "hidden_size": 128, "intermediate_size": 256, "num_heads": 4,
        "out_hidden_size": 256, "patch_size": 16,
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


LESSON = json.loads(Path(__file__).with_name("lesson.json").read_text("utf-8"))
TAUGHT_LAYERS = 4
STEPS = 300  # at most
LEAD = 0.5  # of each token's logit before the next best, so that greedy decoding is sure of it


def prompt(
    words: PreTrainedTokenizerFast, text: str, tools: list[dict[str, Any]] | None = None
) -> list[int]:
    asked = [{"role": "user", "content": text}]
    rendered = words.apply_chat_template(
        asked, tools=tools, add_generation_prompt=True, tokenize=False
    )
    return list(words(rendered, add_special_tokens=False).input_ids)


def teach(model: Qwen3VLForConditionalGeneration, words: PreTrainedTokenizerFast) -> None:
    """Teaches the lesson to the last layers. Other questions get endless noise as before."""
    tool = LESSON["tool"]
    call = {"name": tool["function"]["name"], "arguments": LESSON["arguments"]}
    answer = words(
        f"<tool_call>\n{json.dumps(call)}\n</tool_call><|im_end|>", add_special_tokens=False
    ).input_ids
    asked = prompt(words, LESSON["question"], [tool])
    random = torch.randint(len(SPECIAL), 3000, (3, 40)).tolist()
    noise = [
        prompt(words, text) + random.pop() for text in ("hello", "退货要几天?", LESSON["question"])
    ]

    text = model.model.language_model
    lower, taught = text.layers[:-TAUGHT_LAYERS], text.layers[-TAUGHT_LAYERS:]
    reached: list[torch.Tensor] = []  # what comes to the layers that are taught: it stays the same
    hook = taught[0].register_forward_pre_hook(lambda _, given: reached.append(given[0].detach()))
    with torch.no_grad():
        before = [
            model(input_ids=torch.tensor([tokens])).logits for tokens in (asked + answer, *noise)
        ][1:]
    hook.remove()

    text.layers = taught
    optimizer = torch.optim.AdamW(taught.parameters(), lr=1e-3, weight_decay=0)
    for _ in range(STEPS):
        logits = [model.lm_head(text(inputs_embeds=hidden).last_hidden_state) for hidden in reached]
        said = logits[0][0, len(asked) - 1 : -1]
        right = said[range(len(answer)), answer]
        others = said.scatter(1, torch.tensor(answer)[:, None], -torch.inf).amax(1)
        if (right - others).min() > LEAD:
            break
        wrong = functional.cross_entropy(said, torch.tensor(answer))
        moved = torch.stack(
            [functional.mse_loss(now, then) for now, then in zip(logits[1:], before, strict=True)]
        ).mean()
        optimizer.zero_grad()
        (wrong + moved).backward()
        optimizer.step()
    else:
        raise SystemExit("the tiny model did not learn its lesson")
    text.layers = torch.nn.ModuleList([*lower, *taught])


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(7)
    words = tokenizer()
    # The words the processor asks its tokenizer for.
    words.image_token, words.video_token = "<|image_pad|>", "<|video_pad|>"
    words.vision_start_token, words.vision_end_token = "<|vision_start|>", "<|vision_end|>"
    model = Qwen3VLForConditionalGeneration(config(words))
    model.generation_config.eos_token_id = words.eos_token_id
    teach(model, words)
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

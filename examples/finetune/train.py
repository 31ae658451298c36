"""`python train.py PREPARED OUTPUT`: trains a LoRA adapter of Qwen3-VL on prepared examples.

Runs in an environment of its own (README.md). Only the last answer of each example is learnt: all
tokens before it are left out of the loss. The vision tower stays as it is.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor, Trainer, TrainingArguments

IGNORED = -100  # of the loss, by the convention of PyTorch's cross-entropy
# The layers of the language model; the vision tower names its layers in other ways.
TARGETS = r".*language_model.*\.(q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("prepared", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--model", default="Qwen/Qwen3-VL-8B-Instruct")
    parser.add_argument("--epochs", type=float, default=2)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--max-pixels", type=int, default=1024 * 1024, help="of one picture")
    parser.add_argument("--max-tokens", type=int, default=8192, help="longer examples are left out")
    given = parser.parse_args()

    processor = AutoProcessor.from_pretrained(given.model, max_pixels=given.max_pixels)
    model = AutoModelForImageTextToText.from_pretrained(given.model, dtype=torch.bfloat16)
    model.config.use_cache = False
    lora = LoraConfig(
        r=given.rank, lora_alpha=2 * given.rank, lora_dropout=0.05, target_modules=TARGETS
    )
    model = get_peft_model(model, lora)
    model.enable_input_require_grads()  # gradient checkpointing of a frozen base needs it
    model.print_trainable_parameters()
    arguments = TrainingArguments(
        output_dir=str(given.output),
        num_train_epochs=given.epochs,
        per_device_train_batch_size=1,
        gradient_accumulation_steps=16,
        gradient_checkpointing=True,
        gradient_checkpointing_kwargs={"use_reentrant": False},
        learning_rate=1e-4,
        lr_scheduler_type="cosine",
        warmup_ratio=0.03,
        bf16=True,
        eval_strategy="epoch",
        save_strategy="epoch",
        logging_steps=5,
        remove_unused_columns=False,
        report_to="none",
    )
    encode = Encoder(processor, given.max_tokens)
    trainer = Trainer(
        model=model,
        args=arguments,
        train_dataset=encode.every(given.prepared / "train.jsonl"),
        eval_dataset=encode.every(given.prepared / "test.jsonl"),
        data_collator=lambda batch: batch[0],  # one example at a time: nothing is padded
    )
    trainer.train()
    trainer.save_model(str(given.output))
    processor.save_pretrained(str(given.output))


class Encoder:
    """Examples as the model takes them, encoded when they are asked for."""

    def __init__(self, processor: Any, max_tokens: int) -> None:
        self._processor = processor
        self._max_tokens = max_tokens

    def every(self, path: Path) -> "Examples":
        lines = path.read_text("utf-8").splitlines()
        examples = [json.loads(line) for line in lines]
        kept = [one for one in examples if self._length(one) <= self._max_tokens]
        print(f"{path.name}: {len(kept)} examples, {len(examples) - len(kept)} too long")
        return Examples(self, kept)

    def encoded(self, example: dict[str, Any]) -> dict[str, Any]:
        whole = self._tokens(example["messages"], example["images"], for_answer=False)
        prompt = self._tokens(example["messages"][:-1], example["images"], for_answer=True)
        labels = whole["input_ids"].clone()
        labels[:, : prompt["input_ids"].shape[1]] = IGNORED
        return {**whole, "labels": labels}

    def _length(self, example: dict[str, Any]) -> int:
        tokens = self._tokens(example["messages"], example["images"], for_answer=False)
        return int(tokens["input_ids"].shape[1])

    def _tokens(
        self, messages: list[dict[str, Any]], images: list[str], *, for_answer: bool
    ) -> dict[str, Any]:
        text = self._processor.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=for_answer
        )
        opened = [Image.open(path).convert("RGB") for path in images]
        return dict(self._processor(text=[text], images=opened or None, return_tensors="pt"))


class Examples(torch.utils.data.Dataset[dict[str, Any]]):
    def __init__(self, encoder: Encoder, examples: list[dict[str, Any]]) -> None:
        self._encoder = encoder
        self._examples = examples

    def __len__(self) -> int:
        return len(self._examples)

    def __getitem__(self, place: int) -> dict[str, Any]:
        return self._encoder.encoded(self._examples[place])


if __name__ == "__main__":
    main()

"""`make eval`: asks a running desk the sample questions and screenshots, and prints a score."""

import argparse
import base64
import contextlib
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import requests

from tests.support.servers import running_desk

ROOT = Path(__file__).parents[1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--url", help="a desk that runs; without it one is started here with the embedded engine"
    )
    parser.add_argument("--key", default="", help="API key")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        url = options.url or stack.enter_context(running_desk()).url
        try:
            return score(url.rstrip("/"), options.key)
        except requests.ConnectionError:
            print(f"eval: no desk answers at {url}", file=sys.stderr)
            return 1


def score(url: str, key: str) -> int:
    asked = tomllib.loads((ROOT / "benchmarks/questions/sample.toml").read_text("utf-8"))
    sheet: dict[str, list[bool]] = {
        "clause first": [],
        "clause among four": [],
        "nothing invented": [],
        "said in the answer": [],
    }
    seconds, misses = [], []
    for kind in ("text", "nothing", "screen"):
        for entry in asked[kind]:
            words, cited, spent = ask(url, key, entry)
            seconds.append(spent)
            if "clause" in entry:
                sheet["clause first"].append(cited[:1] == [entry["clause"]])
                sheet["clause among four"].append(entry["clause"] in cited)
                if entry["clause"] not in cited[:1]:
                    misses.append(
                        f"{entry['ask']}: wanted {entry['clause']}, cited {', '.join(cited) or 'none'}"
                    )
            elif kind == "nothing":
                sheet["nothing invented"].append(not cited)
                if cited:
                    misses.append(f"{entry['ask']}: wanted none, cited {cited[0]}")
            for wanted in entry.get("says", []):
                sheet["said in the answer"].append(wanted in words.replace(" ", ""))
                if wanted not in words.replace(" ", ""):
                    misses.append(f"{entry['ask']}: {wanted!r} is not in the answer")
    print("| what | right | of |\n| --- | ---: | ---: |")
    for name, marks in sheet.items():
        print(f"| {name} | {sum(marks)} | {len(marks)} |")
    seconds.sort()
    print(
        f"| seconds, p50 / p95 | {seconds[len(seconds) // 2]:.2f} | {seconds[int(len(seconds) * 0.95)]:.2f} |"
    )
    for miss in misses:
        print("-", miss)
    return 0


def ask(url: str, key: str, entry: dict[str, Any]) -> tuple[str, list[str], float]:
    parts: list[dict[str, Any]] = [{"type": "text", "text": entry["ask"]}]
    for name in entry.get("screens", []):
        data = base64.b64encode((ROOT / "examples/screens" / f"{name}.png").read_bytes()).decode()
        parts.append({"type": "image_url", "image_url": {"url": "data:image/png;base64," + data}})
    body: dict[str, Any] = {"model": "sightdesk", "messages": [{"role": "user", "content": parts}]}
    headers = {"authorization": f"Bearer {key}"} if key else {}
    while True:
        started = time.perf_counter()
        answer = requests.post(
            url + "/v1/chat/completions", json=body, headers=headers, timeout=120
        )
        if answer.status_code != 429:
            break
        time.sleep(int(answer.headers.get("retry-after", "5")))
    answer.raise_for_status()
    spoken = answer.json()
    cited = [citation["id"] for citation in spoken["sightdesk"]["citations"]]
    return spoken["choices"][0]["message"]["content"] or "", cited, time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())

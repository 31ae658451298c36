"""`make bench-engine`: vLLM's client (`vllm bench serve`) through the gateway and without it.

Also measures how soon vLLM stops work for a client that has left. Prints the tables and writes
docs/performance.md. Exits with 1 if a request failed.

By default it starts vLLM's CPU build with the tiny model here. --engine and --gateway name servers
that already run; with a GPU it measures what one card answers (on_gpu.py), in a section of its own.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import ExitStack
from pathlib import Path

from benchmarks import leaving, on_gpu, report
from benchmarks.serving import VLLM_PYTHON, Client, Figures, Load, running_client
from scripts.checks import card as graphics_card
from tests.support import vllm_disconnects
from tests.support.paths import ROOT
from tests.support.servers import free_port, on_core, running_gateway, wait_for

TINY = ROOT / ".cache" / "tiny-qwen3-vl"
MODEL = "Qwen3-VL-2B"
START_SECONDS = 300
INTRODUCTION = """## What the gateway costs before vLLM

`make bench-engine`, {machine};
{card}; {engine}.
vLLM's client, `vllm bench serve` (backend `openai-chat`, `random-mm` pictures), through the gateway
and straight to the engine, in turn, in one run.{cores}"""
# On shared cores vLLM competes with the gateway, and runs vary too much to compare.
PINNED = "\nThe engine has one core, the gateway and the client another one."
IMAGE_WORK = re.compile(r"^sightdesk_image_seconds_(sum|count) (\S+)$", re.M)


def image_work(gateway: str) -> tuple[float, float]:
    """(seconds, count) of the gateway's image work so far, from its metrics."""
    with urllib.request.urlopen(gateway + "/metrics", timeout=10) as told:
        found = dict(IMAGE_WORK.findall(told.read().decode("utf-8")))
    return float(found["sum"]), float(found["count"])


def compare(client: Client, engine: str, gateway: str, load: Load, rounds: int) -> tuple[str, int]:
    """(table of both sides by round, failed requests).

    Gateway and engine cache pictures and prompts, so each round has new ones.
    """
    before = image_work(gateway)
    straight: list[Figures] = []
    through: list[Figures] = []
    for turn in range(
        rounds
    ):  # each side goes first in half of the rounds, so a drift of the machine affects both
        pair = [(engine, straight), (gateway, through)]
        for url, found in pair if turn % 2 == 0 else reversed(pair):
            found.append(client.measure(url, load, seed=100 * load.concurrency + turn))
            print(f"{url}: {found[-1].throughput:.1f} tokens/s", file=sys.stderr, flush=True)
    lines = [
        f"{load.total} prompts, {load.concurrency} at once, a picture {load.picture} each, {rounds} rounds:",
        "",
        "| | tokens/s | first token, ms: mean | median | between tokens, ms | failed |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, found in (("straight", straight), ("through the gateway", through)):
        lines += [
            f"| {name} | {one.throughput:.1f} | {one.first:.1f} | {one.first_median:.1f} | {one.between:.2f} | {one.failed} |"
            for one in found
        ]
    pairs = list(
        zip(straight, through, strict=True)
    )  # run one right after the other, so a slower drift affects both
    ratios = [gate.throughput / alone.throughput for alone, gate in pairs]
    added = [gate.first - alone.first for alone, gate in pairs]
    seconds, pictures = (now - then for now, then in zip(image_work(gateway), before, strict=True))
    work = seconds / pictures * 1000
    ratio, beyond = statistics.mean(ratios), statistics.mean(added) - work
    lines += [
        "",
        f"Throughput through the gateway over straight, by pairs: {ratio:.3f} ± {error(ratios):.3f} "
        f"(to reach: 0.97;\n{reached(ratio >= 0.97)}). Added to the mean time to the first token: "
        f"{beyond + work:+.1f} ms, of which {work:.1f} ms are\nimage work. The rest: "
        f"{beyond:+.1f} ± {error(added):.1f} ms (to reach: +5; {reached(beyond <= 5)}).",
    ]
    return "\n".join(lines), sum(one.failed for one in straight + through)


def error(values: list[float]) -> float:
    """Standard error of the mean: how far noise alone may move it."""
    return statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else float("inf")


def reached(is_reached: bool) -> str:
    return "reached" if is_reached else "not reached"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", help="vLLM's URL; empty starts the tiny model here")
    parser.add_argument("--gateway", help="the gateway's URL; empty starts one before the engine")
    parser.add_argument("--model", default=MODEL)
    parser.add_argument("--tokenizer", default=str(TINY))
    parser.add_argument("--key", default="sk-bench")
    parser.add_argument("--prompts", type=int, default=16)
    parser.add_argument(
        "--concurrency", type=int, nargs="+", help="default 1 4; on a GPU 1 3 16 64"
    )
    parser.add_argument("--picture", default="(256, 256, 1)")
    parser.add_argument("--rounds", type=int, help="default 8; on a GPU 2")
    parser.add_argument(
        "--gpu",
        action=argparse.BooleanOptionalAction,
        help="what one card answers: where there is one",
    )
    parser.add_argument("--answer", type=int, default=128, help="on a GPU: tokens of an answer")
    parser.add_argument(
        "--seconds", type=float, default=600, help="on a GPU: for how long rounds begin"
    )
    given = parser.parse_args()
    if given.gpu is None:
        given.gpu = bool(given.engine and cards())
    with ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        cores = sorted(os.sched_getaffinity(0))
        engine = given.engine or _tiny(stack, data, cores[0])
        if not given.engine:
            stack.enter_context(on_core(cores[-1]))
        gateway = given.gateway or _gateway(stack, engine, data, given)
        client = stack.enter_context(running_client(given.model, given.tokenizer, given.key))
        told = card_answers if given.gpu else gateway_costs
        section, parts, failed = told(client, engine, gateway, given)
        parts.append(left(stack, data, cores[0], given))
    print(parts[-1])
    report.write(section, "\n\n".join(parts))
    if failed:
        print(f"{failed} requests failed: the figures say nothing.", file=sys.stderr)
    return 1 if failed else 0


def gateway_costs(
    client: Client, engine: str, gateway: str, given: argparse.Namespace
) -> tuple[str, list[str], int]:
    """(name of the section, its parts, failed requests)."""
    pinned = "" if given.engine else PINNED
    parts = [
        INTRODUCTION.format(machine=report.machine(), card=card(), engine=given.model, cores=pinned)
    ]
    failed = 0
    for concurrency in given.concurrency or [1, 4]:
        load = Load(given.prompts, concurrency, given.picture)
        table, lost = compare(client, engine, gateway, load, given.rounds or 8)
        print(table + "\n", flush=True)
        parts.append(table)
        failed += lost
    return "bench-engine", parts, failed


def card_answers(
    client: Client, engine: str, gateway: str, given: argparse.Namespace
) -> tuple[str, list[str], int]:
    """Like `gateway_costs`, on a GPU."""
    section, rounds = "bench-engine-gpu", given.rounds or 2
    parts = [
        on_gpu.INTRODUCTION.format(
            machine=report.machine(), card=card(), engine=given.model, answer=given.answer
        )
    ]

    def show(table: str) -> None:
        parts[1:] = [table]
        report.write(section, "\n\n".join(parts))

    wanted = on_gpu.loads(given.concurrency or [1, 3, 16, 64], given.answer)
    failed = on_gpu.measure(client, (engine, gateway), wanted, rounds, given.seconds, show)
    return section, parts, failed


def left(stack: ExitStack, data: Path, core: int, given: argparse.Namespace) -> str:
    """vLLM does not interrupt a step. On one core a prefill step takes seconds, so a step has 256
    tokens here.
    """
    folder = data / "leaving"
    folder.mkdir()
    engine = given.engine or _tiny(stack, folder, core, "--max-num-batched-tokens 256")
    gateway = given.gateway or _gateway(stack, engine, folder, given)
    return leaving.table(
        gateway,
        engine,
        given.model,
        given.key,
        repeats=vllm_disconnects.ON_GPU if given.gpu else vllm_disconnects.REPEATS,
    )


def card() -> str:
    """The GPU's name, or a note that vLLM's CPU build runs: then only the ratios mean something."""
    return next(iter(cards()), "no GPU: vLLM's CPU build with a tiny model of random weights")


def cards() -> list[str]:
    found, _ = graphics_card.cards()
    return [str(one) for one in found]


def _tiny(stack: ExitStack, folder: Path, core: int, more: str = "") -> str:
    port = free_port()
    environ = {
        **os.environ, "ENGINE": "cpu", "MODEL_SOURCE": "local", "MODEL_ID": str(TINY), "PORT": str(port),
        "ENGINE_STATUS_FILE": str(folder / "status.json"), "VLLM_EXTRA_ARGS": f"--enforce-eager --dtype float32 --max-num-seqs 8 {more}",
        "OMP_NUM_THREADS": "1", "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    }  # fmt: skip
    log = stack.enter_context((folder / "vllm.log").open("wb"))
    command = [str(VLLM_PYTHON), "-m", "inference.launch"]
    with on_core(core):
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log)
    stack.callback(process.wait, 60)
    stack.callback(process.terminate)
    wait_for(f"http://127.0.0.1:{port}/health", process, folder / "vllm.log", START_SECONDS)
    return f"http://127.0.0.1:{port}"


def _gateway(stack: ExitStack, engine: str, folder: Path, given: argparse.Namespace) -> str:
    settings = {
        "ENGINE": "gpu" if given.gpu else "cpu",
        "READER_URL": "",
        "API_KEYS": "bench:sk-bench",
        "MAX_CONCURRENT": "128",
        "ENGINE_STATUS_FILE": "",
    }
    gateway = stack.enter_context(running_gateway(engine, folder, **settings))
    wait_for(gateway.url + "/readyz")
    return gateway.url


if __name__ == "__main__":
    sys.exit(main())

"""`make bench`: finding clauses with a real `lite`: recall as cited, false citations, time, memory.

    python -m benchmarks.retrieval [--many 10000] [--misses] [--words]

The questions of benchmarks/questions/handbook.toml were written before anything was tuned; tuning
looked at the half "tune" only.
"""

import argparse
import asyncio
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from gateway.knowledge.knowledge_base import KnowledgeBase
from gateway.knowledge.retriever import Retriever
from gateway.knowledge.turn_query import TurnQuery
from gateway.knowledge.vectors.builder import VectorBuilder
from gateway.knowledge.vectors.embedding_client import EmbeddingClient
from tests.support.servers import free_port

ROOT = Path(__file__).parents[1]
QUESTIONS = ROOT / "benchmarks/questions"
HANDBOOK, SAMPLE = QUESTIONS / "knowledge", ROOT / "knowledge"
MODEL = "sightdesk-embedding"
START_SECONDS = 120
RUNS = 200


@dataclass(frozen=True, slots=True)
class Case:
    half: str
    kind: str  # own, across, sample, nothing
    folder: Path
    ask: str
    clause: str  # "": no clause answers it


@dataclass(slots=True)
class Tally:
    """How many questions found their clause among the first 1, 3 and 5 that were cited."""

    total: int = 0
    first: int = 0
    third: int = 0
    fifth: int = 0
    cited: int = 0  # clauses in all
    suggested: int = 0
    misses: list[str] = field(default_factory=list)

    def row(self, name: str) -> str:
        counts = (self.first, self.third, self.fifth)
        shares = " / ".join(f"{count / self.total:.2f}" for count in counts)
        return f"| {name} | {self.total} | {shares} | {self.cited / self.total:.1f} |"


def cases() -> list[Case]:
    listed = tomllib.loads((QUESTIONS / "handbook.toml").read_text("utf-8"))["ask"]
    made = []
    for group in listed:
        kind, half = group.get("kind", "own"), group["half"]
        for ask, number in group["questions"]:
            if kind == "nothing":
                made += [Case(half, kind, folder, ask, "") for folder in (HANDBOOK, SAMPLE)]
            elif kind == "sample":
                made.append(Case(half, kind, SAMPLE, ask, number))
            else:
                made.append(Case(half, kind, HANDBOOK, ask, f"{group['clauses']}#{number}"))
    return made


@contextmanager
def lite() -> Iterator[tuple[str, int]]:
    """(URL, process id) of the embedded engine, with its embedding models loaded."""
    port = free_port()
    environ = {**os.environ, "PORT": str(port), "HOST": "127.0.0.1"}
    process = subprocess.Popen([sys.executable, "-m", "inference.lite"], cwd=ROOT, env=environ)
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if has_model(url):
                break
            time.sleep(0.1)
        yield url, process.pid
    finally:
        process.terminate()
        process.wait()


def has_model(url: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"{url}/v1/models", timeout=2) as answer:
        return MODEL.encode() in answer.read()
    return False


@contextmanager
def building(vectors: VectorBuilder) -> Iterator["asyncio.Task[None]"]:
    task = asyncio.create_task(vectors.run())
    try:
        yield task
    finally:
        task.cancel()


async def ready(vectors: VectorBuilder) -> float:
    """Seconds until the vectors are complete."""
    started = time.perf_counter()
    while vectors.current is None:  # noqa: ASYNC110 - the builder has no event for it
        await asyncio.sleep(0.05)
    return time.perf_counter() - started


async def quality(url: str, misses: bool) -> None:
    tallies: dict[tuple[str, str], Tally] = defaultdict(Tally)
    for folder in (HANDBOOK, SAMPLE):
        base = KnowledgeBase(folder)
        with tempfile.TemporaryDirectory() as data:
            client = EmbeddingClient(url, MODEL) if url else None
            vectors = VectorBuilder(lambda base=base: base.snapshot.index, client, Path(data))  # type: ignore[misc]  # mypy infers no default of a lambda
            with building(vectors):
                if url:
                    await ready(vectors)
                retriever = Retriever(base, vectors, embedding_seconds=10)
                for case in cases():
                    if case.folder == folder:
                        await ask(retriever, case, tallies[case.half, case.kind])
                await vectors.close()
    print("| half, kind | questions | recall@1 / @3 / @5 as cited | clauses cited |")
    print("| --- | ---: | ---: | ---: |")
    for (half, kind), tally in sorted(tallies.items()):
        if kind == "nothing":
            print(
                f"| {half}, nothing answers: nothing cited | {tally.total} "
                f"| {tally.first / tally.total:.2f} | suggestions {tally.suggested} |"
            )
        else:
            print(tally.row(f"{half}, {kind}"))
        if misses:
            print("\n".join(f"    {miss}" for miss in tally.misses))


async def ask(retriever: Retriever, case: Case, tally: Tally) -> None:
    found = await retriever.find(TurnQuery([case.ask]))
    ids = [one["id"] for one in found.clauses]
    right = [case.clause in ids[:depth] if case.clause else not ids for depth in (1, 3, 5)]
    tally.total += 1
    tally.first += right[0]
    tally.third += right[1]
    tally.fifth += right[2]
    tally.cited += len(ids)
    tally.suggested += bool(found.suggestions)
    if not right[0]:
        scores = [(one["id"], one["score"]) for one in found.clauses[:3]]
        tally.misses.append(f"{case.ask} → {case.clause or 'nothing'}: {scores} {found.verdict}")


async def speed(url: str, pid: int, count: int) -> None:
    """`count` clauses made of the samples' sentences."""
    engine, here = psutil.Process(pid), psutil.Process()
    with tempfile.TemporaryDirectory() as folder:
        write_many(Path(folder) / "k", count)
        before = here.memory_info().rss, engine.memory_info().rss
        base = KnowledgeBase(Path(folder) / "k", wait=60)
        client = EmbeddingClient(url, MODEL)
        vectors = VectorBuilder(lambda: base.snapshot.index, client, Path(folder) / "data")
        started, begun_cpu = time.perf_counter(), sum(engine.cpu_times()[:2])
        with building(vectors):
            await ready(vectors)
            built = time.perf_counter() - started
            worked = sum(engine.cpu_times()[:2]) - begun_cpu
            retriever = Retriever(base, vectors, embedding_seconds=1)
            asked = [case.ask for case in cases()]
            times = []
            for number in range(RUNS):
                question = TurnQuery([f"{asked[number % len(asked)]} {number}"])
                begun = time.perf_counter()
                await retriever.find(question)
                times.append((time.perf_counter() - begun) * 1000)
        after = here.memory_info().rss, engine.memory_info().rss
        stored = sum(path.stat().st_size for path in (Path(folder) / "data").iterdir())
    times.sort()
    p50, p99 = statistics.median(times), times[int(RUNS * 0.99)]
    more = [(late - early) / 2**20 for early, late in zip(before, after, strict=True)]
    print(f"| over {len(base.clauses)} clauses | figure | to reach |\n| --- | ---: | ---: |")
    print(f"| search with embedding, p50 / p99 ms | {p50:.1f} / {p99:.1f} | ≤ 20 |")
    print(f"| index built, s | {built:.0f} | ≤ 120 |")
    print(f"| of that CPU of lite, s | {worked:.0f} | |")
    print(f"| memory more, MB: gateway, lite | {more[0]:.0f}, {more[1]:.0f} | ≤ 250 |")
    print(f"| on disk, MB | {stored / 2**20:.1f} | |")


def write_many(folder: Path, count: int) -> None:
    """Files of 500 clauses, each of two or three sentences of the samples."""
    rng = random.Random(7)
    texts = [path.read_text("utf-8") for path in sorted(SAMPLE.rglob("*.md"))]
    texts += [path.read_text("utf-8") for path in sorted(HANDBOOK.rglob("*.md"))]
    sentences = [
        line for text in texts for line in text.splitlines() if line and not line.startswith("#")
    ]
    folder.mkdir()
    for start in range(0, count, 500):
        lines = [f"# 规则 {start}"]
        for number in range(start, min(start + 500, count)):
            body = " ".join(rng.choices(sentences, k=rng.choice((1, 2, 2, 3))))
            lines.append(f"## {number + 1}.{rng.randrange(9)} 规则 {number}\n{body}\n")
        (folder / f"{start}.md").write_text("\n".join(lines), "utf-8")


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--many", type=int, default=0, help="clauses of the speed test")
    arguments.add_argument("--misses", action="store_true", help="show what was not found")
    arguments.add_argument("--words", action="store_true", help="without vectors")
    given = arguments.parse_args()
    if given.words:
        asyncio.run(quality("", given.misses))
        return
    with lite() as (url, pid):
        if given.many:
            asyncio.run(speed(url, pid, given.many))
        else:
            asyncio.run(quality(url, given.misses))


if __name__ == "__main__":
    main()

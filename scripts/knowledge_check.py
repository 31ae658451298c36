"""`make knowledge-check`: lists what is wrong with the knowledge folder, by file. Exits 1 on
errors.

Questions are asked by words and by meaning, as `make demo` does: with the vectors of
EMBEDDING_URL, without it with those of an embedded engine that runs for so long.
"""

import asyncio
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from gateway.knowledge.checks import Finding, findings, named
from gateway.knowledge.clauses import CUSTOMER, Clause
from gateway.knowledge.folder_listing import Problem
from gateway.knowledge.knowledge_base import KnowledgeBase
from gateway.knowledge.retriever import Retriever
from gateway.knowledge.scanned_pages import SCAN
from gateway.knowledge.turn_query import TurnQuery
from gateway.knowledge.vectors.builder import VectorBuilder
from gateway.knowledge.vectors.embedding_client import EmbeddingClient
from scripts.demo import end, free_ports, start, wait_until_ready
from scripts.evals.cases import Case, CaseError, load
from scripts.evals.recall import Recall, askable, recall

ROOT = Path(__file__).parents[1]
MAX_LISTED = 5
READ_SECONDS = 120.0  # for the folder
VECTORS_SECONDS = 300.0
EMBEDDING_SECONDS = 10.0  # for one question
WORDS_ALONE = "words alone, without an embedding service (a desk that has one finds more)"


def main() -> int:
    """Arguments: the folder (else KNOWLEDGE_DIR, else knowledge/) and the folder of cases (else
    evals/)."""
    named_folders = [Path(argument) for argument in sys.argv[1:3]]
    folder = Path(os.environ.get("KNOWLEDGE_DIR") or ROOT / "knowledge")
    folder = named_folders[0] if named_folders else folder
    cases = named_folders[1] if len(named_folders) > 1 else ROOT / "evals"
    knowledge = KnowledgeBase(folder, wait=READ_SECONDS)
    clauses = list(knowledge.clauses)
    found = [*map(unreadable, knowledge.problems), *findings(clauses, date.today())]
    print(report(found))
    print(f"{len(clauses)} clauses in {len({clause.source for clause in clauses})} files")
    print(reached(knowledge, clauses, cases))
    errors = sum(finding.is_error for finding in found)
    print(f"{errors} errors, {len(found) - errors} warnings")
    return 1 if errors else 0


def unreadable(problem: Problem) -> Finding:
    """What cannot be read, or only in part."""
    place, mark, reason = problem.message.partition(": ")
    is_place = bool(mark) and place.split(" ")[0] in ("line", "page", "pages", "row", "sheet")
    # Here is no OCR; the gateway may have one.
    is_scan = SCAN in problem.message
    return Finding(
        not is_scan,
        problem.path,
        place if is_place else "",
        reason if is_place else problem.message,
        "correct it, or remove it from the folder",
    )


def report(found: Iterable[Finding]) -> str:
    """A block of lines for each file."""
    by_file: dict[str, list[Finding]] = defaultdict(list)
    for finding in found:
        by_file[finding.path].append(finding)
    lines = []
    for path in sorted(by_file):
        lines.append(path)
        for finding in sorted(by_file[path], key=lambda one: not one.is_error):
            kind = "error" if finding.is_error else "warning"
            place = f"{finding.place}: " if finding.place else ""
            lines += [f"  {kind:8}{place}{finding.reason}", f"          → {finding.remedy}"]
    return "\n".join(lines) if lines else "Nothing is wrong."


def reached(knowledge: KnowledgeBase, clauses: Sequence[Clause], folder: Path) -> str:
    """Recall over the cases, and the clauses of customers that no question reaches."""
    try:
        cases = askable(load(folder))
    except CaseError as error:
        return f"Recall is not measured: {error}"
    if not cases:
        return f"No question with a clause in {folder.name}/: recall is not measured."
    with embedding_url() as url:
        found, how = asyncio.run(measured(knowledge, cases, url))
    return "\n".join([_figures(found, how), *_unreached(found, clauses)])


@contextmanager
def embedding_url() -> Iterator[str]:
    """EMBEDDING_URL. Where it is not set, an embedded engine is started, and ended after; "" where
    it is set to nothing, or the engine does not start."""
    given = os.environ.get("EMBEDDING_URL")
    if given is not None:
        yield given
        return
    [port] = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    engine = start("inference.lite", {"PORT": str(port), "LOG_LEVEL": "warning"})
    try:
        try:
            wait_until_ready(f"{url}/healthz", [engine])
        except SystemExit:
            url = ""
        yield url
    finally:
        end([engine])


async def measured(knowledge: KnowledgeBase, cases: Sequence[Case], url: str) -> tuple[Recall, str]:
    """(the recall, by what was searched). `url`: of the embedding service, "" for none."""
    model = os.environ.get("EMBEDDING_MODEL", "")
    client = EmbeddingClient(url, model or "sightdesk-embedding") if url else None
    with tempfile.TemporaryDirectory() as data:
        vectors = VectorBuilder(lambda: knowledge.snapshot.index, client, Path(data))
        building = asyncio.create_task(vectors.run())
        try:
            how = await _searching(vectors) if client else WORDS_ALONE
            retriever = Retriever(knowledge, vectors, embedding_seconds=EMBEDDING_SECONDS)

            async def find(question: str) -> list[dict[str, Any]]:
                return (await retriever.find(TurnQuery([question]))).clauses

            return await recall(cases, find), how
        finally:
            building.cancel()
            await vectors.close()


async def _searching(vectors: VectorBuilder) -> str:
    """Waits for the vectors."""
    try:
        async with asyncio.timeout(VECTORS_SECONDS):
            while vectors.current is None:  # noqa: ASYNC110 - the builder has no event for it
                await asyncio.sleep(0.1)
    except TimeoutError:
        return f"words alone: no vectors after {VECTORS_SECONDS:.0f} s"
    return "words and meaning"


def _figures(found: Recall, how: str) -> str:
    figures = f"recall@1 {found.at_1:.2f}, recall@5 {found.at_5:.2f}"
    lines = [f"{figures} over {found.questions} questions, by {how}"]
    return "\n".join([*lines, *(f"  not found: {one}" for one in found.missed)])


def _unreached(found: Recall, clauses: Sequence[Clause]) -> list[str]:
    """A clause and its translation reach together."""
    pairs = {clause.pair for clause in clauses if clause.id in found.reached and clause.pair}
    by_file: dict[str, list[Clause]] = defaultdict(list)
    for clause in clauses:
        if not clause.serves(CUSTOMER, date.today()):
            continue
        if clause.id not in found.reached and clause.pair not in pairs:
            by_file[clause.source].append(clause)
    return [
        f"  {path}: no question reaches {len(missed)}: "
        + ", ".join(named(clause) for clause in missed[:MAX_LISTED])
        + (", …" if len(missed) > MAX_LISTED else "")
        for path, missed in sorted(by_file.items())
    ]


if __name__ == "__main__":
    sys.exit(main())

"""One consistent state of the knowledge folder: its index, common questions and problems."""

from dataclasses import dataclass, field

from gateway.knowledge.folder_listing import Problem
from gateway.knowledge.index import Index
from gateway.knowledge.index_segment import Segment
from gateway.knowledge.questions import Questions
from gateway.knowledge.version import version_of

MAX_CLAUSES = 50_000
# Terms of all clauses. Each takes 50 bytes of memory while a new index replaces the old one.
MAX_POSTINGS = 8_000_000
MAX_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class KnowledgeFile:
    """A file that was read. `size` in bytes; `changed_at`: Unix seconds."""

    path: str
    size: int
    changed_at: int
    clauses: int


@dataclass(frozen=True, slots=True)
class KnowledgeSnapshot:
    """`version`: a digest of the clauses; "" where nothing was read."""

    index: Index = field(default_factory=Index)
    questions: Questions = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    files: list[KnowledgeFile] = field(default_factory=list)
    version: str = ""


def build_snapshot(
    directory: str,
    segments: list[Segment],
    questions: Questions,
    problems: list[Problem],
    files: list[KnowledgeFile],
) -> KnowledgeSnapshot:
    """A snapshot within the bounds of the index. `directory` names the folder in problems."""
    kept = within_bounds(segments, directory, problems)
    if not kept:
        message = "no clause was found; see docs/knowledge.md for the format"
        problems.append(Problem(directory, message, "folder"))
    version = version_of(sorted(segment.version for segment in kept))
    shown = shortened(problems, directory)
    return KnowledgeSnapshot(Index(kept), questions, shown, files, version)


def within_bounds(
    segments: list[Segment], directory: str, problems: list[Problem]
) -> list[Segment]:
    """The first clauses, as many as the index may hold; says in `problems` where that is not all
    of them."""
    kept: list[Segment] = []
    clauses = postings = 0
    for segment in segments:
        clauses += len(segment)
        postings += len(segment.numbers)
        if clauses > MAX_CLAUSES:
            kept.append(segment.first(MAX_CLAUSES - sum(map(len, kept))))
            message = f"more than {MAX_CLAUSES} clauses; only the first {MAX_CLAUSES} are used"
            problems.append(Problem(directory, message, "limit"))
            break
        if postings > MAX_POSTINGS:
            used = clauses - len(segment)
            message = f"too much text for the index; only the first {used} clauses are used"
            problems.append(Problem(directory, message, "limit"))
            break
        kept.append(segment)
    return kept


def shortened(problems: list[Problem], directory: str) -> list[Problem]:
    """The first MAX_PROBLEMS, and the number of the others."""
    more = len(problems) - MAX_PROBLEMS
    if more <= 0:
        return problems
    return [*problems[:MAX_PROBLEMS], Problem(directory, f"{more} more problems", "limit")]

"""Plain text: its lines, with front matter. Numbers and questions make its clauses."""

from gateway.knowledge.sources.document import Document, Line
from gateway.knowledge.sources.front import split_front


def read_plain_text(text: str, document: Document) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    front, document.front, problems = split_front(lines)
    document.problems += problems
    for number, line in enumerate(lines[front:], start=front + 1):
        document.add(Line(line if line.strip() else "", f"line {number}"))

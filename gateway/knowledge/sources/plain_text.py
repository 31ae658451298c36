"""Plain text: its lines, with front matter. Numbers and questions make its clauses."""

from gateway.knowledge.sources.document import Document, Heading, Line
from gateway.knowledge.sources.front_matter import split_front
from gateway.knowledge.sources.numbering import clause_start
from gateway.knowledge.sources.question_pairs import begins_pair

MAX_TITLE_CHARS = 40
SENTENCE_ENDS = tuple("。.；;！!？?，,：:")


def read_plain_text(text: str, document: Document) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    front, document.front, problems = split_front(lines)
    document.problems += problems
    title = _title(lines, front)
    for number, line in enumerate(lines[front:], start=front + 1):
        place = f"line {number}"
        if number - 1 == title:
            document.add(Heading(1, line.strip(), place))
        else:
            document.add(Line(line if line.strip() else "", place))


def _title(lines: list[str], first: int) -> int:
    """The index of the title: the first line, short and no sentence, with a blank line or a number
    below. -1 without one."""
    while first < len(lines) and not lines[first].strip():
        first += 1
    if first + 1 >= len(lines):
        return -1
    line, below = lines[first].strip(), lines[first + 1]
    is_title = (
        len(line) <= MAX_TITLE_CHARS
        and not line.endswith(SENTENCE_ENDS)
        and clause_start(line) is None
        and not begins_pair(line)
        and (not below.strip() or clause_start(below) is not None or begins_pair(below))
    )
    return first if is_title else -1

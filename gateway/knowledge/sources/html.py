"""HTML: headings, paragraphs, list items and tables of the body. <title> and <meta> declare what
front matter does."""

from html.parser import HTMLParser

from gateway.knowledge.sources.comments import without_comments
from gateway.knowledge.sources.document import Document, Heading, Line
from gateway.knowledge.sources.front import declared
from gateway.knowledge.sources.tables import MAX_COLUMNS, add_table

HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
# What is not read, with all that is in it.
HIDDEN = frozenset(("script", "style", "template", "noscript", "svg", "head", "nav", "select"))
# Elements that begin and end a line.
BREAKS = frozenset(
    (
        *("p", "div", "li", "ul", "ol", "dl", "dt", "dd", "section", "article", "main", "body"),
        *("blockquote", "pre", "header", "footer", "figure", "figcaption", "aside", "hr", "form"),
        *("table", "details", "summary", "address", "fieldset"),
    )
)
MAX_TABLE_ROWS = 20_000


def read_html(text: str, document: Document) -> None:
    """Tags that are not closed, and nesting of any depth, do no harm: the parser keeps no tree."""
    reader = _Reader(document)
    reader.feed(_with_closed_tags(without_comments(text)))
    reader.close()
    reader.end()


def _with_closed_tags(text: str) -> str:
    """A `<` without a `>` before the next one is text. Python's parser takes quadratic time where
    many tags are not closed."""
    first, *others = text.split("<")
    return first + "".join(("<" if ">" in one else "&lt;") + one for one in others)


class _Reader(HTMLParser):
    def __init__(self, document: Document) -> None:
        super().__init__(convert_charrefs=True)
        self._document = document
        self._text: list[str] = []
        self._hidden: list[str] = []  # the hidden elements around this place
        self._heading = ""
        self._declared: list[tuple[str, str, str]] = []
        self._title: list[str] | None = None
        self._rows: list[list[str]] | None = None  # of the outermost table
        self._places: list[str] = []
        self._cell: list[str] | None = None
        self._tables = 0
        self._pre = 0
        self._lists: list[int] = []  # around this place: 0, or of <ol> the next number
        self._item = ""  # the mark of the item that begins here

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "meta":
            values = dict(attrs)
            name, content = values.get("name"), values.get("content")
            if name:
                self._declared.append((name, content or "", self._place))
        elif tag == "title":
            self._title = []
        elif tag in HIDDEN:
            self._hidden.append(tag)
        elif tag == "br":
            self._put("\n")
        elif self._tables and tag in ("tr", "td", "th"):
            self._begin_cell(tag)
        elif tag == "table":
            self._begin_table()
        elif tag in HEADINGS:
            self._end_line()
            self._heading = tag
        elif tag in BREAKS:
            self._end_line()
            self._pre += tag == "pre"
            if tag in ("ul", "ol"):
                self._lists.append(int(tag == "ol"))
            elif tag == "li":
                self._begin_item()

    def handle_endtag(self, tag: str) -> None:
        if tag == "title" and self._title is not None:
            self._declared.insert(0, ("title", " ".join("".join(self._title).split()), ""))
            self._title = None
        elif tag in HIDDEN:
            if tag in self._hidden:
                while self._hidden.pop() != tag:
                    pass
        elif tag == "table" and self._tables:
            self._tables -= 1
            if not self._tables:
                self._end_table()
        elif tag in ("td", "th") and self._tables == 1:
            self._end_cell()
        elif tag in HEADINGS or tag in BREAKS:
            self._end_line()
            self._pre = max(self._pre - (tag == "pre"), 0)
            if tag in ("ul", "ol") and self._lists:
                self._lists.pop()

    def handle_data(self, data: str) -> None:
        if self._title is not None:
            self._title.append(data)
        elif not self._hidden:
            # The line ends of the source are spaces.
            self._put(data if self._pre else data.replace("\r", " ").replace("\n", " "))

    @property
    def _place(self) -> str:
        return f"line {self.getpos()[0]}"

    def _put(self, text: str) -> None:
        (self._text if self._cell is None else self._cell).append(text)

    def _end_line(self) -> None:
        """A block ends: what was collected is a heading, or a paragraph with a blank line."""
        self._document.check()
        if self._cell is not None:
            self._cell.append("\n")
            return
        whole, self._text = "".join(self._text), []
        lines = [" ".join(line.split()) for line in whole.split("\n")]
        text = "\n".join(line for line in lines if line)
        heading, self._heading = self._heading, ""
        if not text:
            return
        if heading:
            self._document.add(Heading(int(heading[1]), text.replace("\n", " "), self._place))
            return
        item, self._item = self._item, ""
        for line in (item + text).split("\n"):
            self._document.add(Line(line, self._place))
        if not item:
            self._document.add(Line(""))

    def _begin_item(self) -> None:
        number = self._lists[-1] if self._lists else 0
        self._item = f"{number}. " if number else "- "
        if number:
            self._lists[-1] += 1

    def _begin_table(self) -> None:
        self._tables += 1
        if self._tables == 1:
            self._end_line()
            self._rows, self._places = [], []

    def _begin_cell(self, tag: str) -> None:
        if self._tables != 1 or self._rows is None:
            return
        self._end_cell()
        if (tag == "tr" or not self._rows) and len(self._rows) < MAX_TABLE_ROWS:
            self._rows.append([])
            self._places.append(self._place)
        if tag != "tr":
            self._cell = []

    def _end_cell(self) -> None:
        cell, self._cell = self._cell, None
        if cell is not None and self._rows and len(self._rows[-1]) < MAX_COLUMNS:
            lines = ("".join(cell)).split("\n")
            self._rows[-1].append("\n".join(text for line in lines if (text := line.strip())))

    def _end_table(self) -> None:
        self._end_cell()
        whole, self._rows = self._rows or [], None
        rows = [(row, place) for row, place in zip(whole, self._places, strict=True) if any(row)]
        if rows:
            add_table(self._document, [row for row, _ in rows], [place for _, place in rows])

    def end(self) -> None:
        if self._tables:
            self._tables = 0
            self._end_table()
        self._end_line()
        self._document.front, problems = declared(self._declared)
        self._document.problems += problems

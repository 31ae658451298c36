"""Comments of HTML and Markdown."""


def without_comments(text: str) -> str:
    """Comments are left out; the ends of their lines stay, so that lines keep their numbers."""
    kept, position = [], 0
    while (start := text.find("<!--", position)) >= 0:
        end = text.find("-->", start + 4)
        if end < 0:
            break
        kept.append(text[position:start])
        kept.append("\n" * text.count("\n", start, end))
        position = end + 3
    return "".join([*kept, text[position:]])

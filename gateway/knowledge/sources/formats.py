"""The file types of the knowledge folder, by the ending of the name, and what to do with others."""

MIB = 1024 * 1024
# Largest file in bytes.
TEXT = {
    ".md": MIB,
    ".markdown": MIB,
    ".txt": MIB,
    ".html": 4 * MIB,
    ".htm": 4 * MIB,
    ".csv": 4 * MIB,
}
OFFICE = {".docx": 20 * MIB, ".xlsx": 20 * MIB, ".pdf": 20 * MIB}
MAX_BYTES = {**TEXT, **OFFICE}
# Files that hold text which is not read, each with the format to save it in.
UNREAD = {
    **dict.fromkeys((".doc", ".rtf", ".odt", ".wps", ".pages"), "DOCX"),
    **dict.fromkeys((".xls", ".xlsb", ".ods", ".et", ".numbers"), "XLSX"),
    **dict.fromkeys((".ppt", ".pptx", ".odp", ".key", ".ofd"), "PDF"),
}


def suffix_of(name: str) -> str:
    """ ".md" of "a/B.MD"; "" without one."""
    last = name.rpartition("/")[2].lower()
    stem, dot, ending = last.rpartition(".")
    return dot + ending if stem else ""

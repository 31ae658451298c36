"""What is said of a picture that cannot be read, has no text, or was read in part."""

from inference.lite.answering.markdown import plain
from inference.lite.answering.phrases import say
from inference.lite.reading import Reading

MAX_LAST = 40  # characters of the last line that was read


def named(number: int, count: int, chinese: bool, *, inside: bool = False) -> str:
    """ "第 2 张图", or "这张图" where there is one. `inside`: in the middle of a sentence."""
    name = say("picture_of", chinese, number=number) if count > 1 else say("picture", chinese)
    return name[0].lower() + name[1:] if inside else name


def unread(readings: list[Reading], chinese: bool) -> list[str]:
    """For each picture that was not read, or in part, why and what to do."""
    notes = []
    for number, reading in enumerate(readings, start=1):
        found = fault(reading)
        phrase = found or ("partial" if reading.lines else "partial_nothing")
        if not found and not reading.partial:
            continue
        name = named(number, len(readings), chinese, inside=phrase == "partial")
        last = plain(reading.lines[-1].text[:MAX_LAST]) if reading.lines else ""
        notes.append(say(phrase, chinese, picture=name, last=last))
    return notes


def fault(reading: Reading) -> str:
    """The phrase for a picture that tells nothing; "" for one that has text or is being read."""
    if reading.lines or reading.fields:
        return "" if reading.legible else "illegible"
    if reading.partial:
        return ""
    return "no_text" if reading.legible else "illegible"

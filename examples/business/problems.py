"""What the business refuses, in words that a customer may read, in Chinese and English."""


class Problem(Exception):
    """`status` is the HTTP status, `code` names the problem for programs."""

    def __init__(self, status: int, code: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.status = status
        self.code = code
        self.zh = zh
        self.en = en

    def as_json(self) -> dict[str, object]:
        """`message` holds both languages, for clients that know only one place for words."""
        words = {"message": f"{self.zh}{self.en}", "zh": self.zh, "en": self.en}
        return {"error": {"code": self.code, **words}}


def not_found(what_zh: str, what_en: str, number: str) -> Problem:
    """For numbers that do not exist and for those of another customer: the same words."""
    return Problem(
        404,
        "not_found",
        f"查不到{what_zh} {number}。",
        f"There is no {what_en} {number}.",
    )

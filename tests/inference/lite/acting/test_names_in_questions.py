"""A name that a question quotes or gives does not decide its language."""

import pytest

from gateway.assistant.language import language_of as of_gateway
from inference.lite.language import language_of

NAME = "云杉设计有限公司"


@pytest.mark.parametrize(
    ("question", "language"),
    [
        (f"My invoice has the wrong title, it should be {NAME}. Please correct it.", "en"),
        (f"please reissue it with {NAME}", "en"),
        (f"Reissue it for {NAME}", "en"),
        ("The right title is “云杉设计工作室（杭州）”", "en"),
        ("What does “付款失败，请稍后再试” mean?", "en"),
        ("Please send order QH202611180042317 to 上海市浦东新区世纪大道 88 号", "en"),
        ("The title should be 杭州青禾优品电子商务有限公司上海分公司", "en"),
        (NAME, "zh"),
        (f"抬头应该是{NAME}", "zh"),
        (f"Invoice 抬头应该是{NAME}", "zh"),
        ("抬头改成 Spruce Design Ltd", "zh"),
        ("“Your payment could not be completed” 是什么意思", "zh"),
        ("寄到上海市浦东新区世纪大道 88 号", "zh"),
        ("App 一直 loading 怎么办", "zh"),
    ],
)
def test_the_words_around_a_name_decide(question: str, language: str) -> None:
    assert language_of(question) == language
    assert of_gateway([question]) == language

"""The question that is searched for again when a field was corrected on a picture's card."""

from gateway.assistant.card_corrections import FORMS, meant
from gateway.openai.messages import Message
from inference.lite.answering import again

CHINESE = "更正：错误码应为 PAY-4013（图中读作 PAY-4031）。请按更正后的内容重新回答。"
ENGLISH = (
    "Correction: error code is PAY-4013 (read as PAY-4031). "
    "Please answer again with the corrected values."
)


def messages(*texts: str) -> list[Message]:
    roles = ("user", "assistant")
    return [
        Message.model_validate({"role": roles[number % 2], "content": text})
        for number, text in enumerate(texts)
    ]


def test_the_page_writes_corrections_as_lite_reads_them() -> None:
    assert FORMS == again.FORMS


def test_the_question_before_a_correction_is_meant_with_the_right_values() -> None:
    for correction in (CHINESE, ENGLISH):
        given = messages("PAY-4031 是什么意思", "不知道。", correction)
        kept, asked = meant(given)
        assert kept == given[:1]
        assert asked == ["PAY-4013 是什么意思"]


def test_a_value_that_is_corrected_twice_has_the_last_value() -> None:
    second = "更正：错误码应为 PAY-1（图中读作 PAY-4013）。请按更正后的内容重新回答。"
    _, asked = meant(messages("PAY-4031 是什么意思", "不知道。", CHINESE, "不知道。", second))
    assert asked == ["PAY-1 是什么意思"]


def test_other_messages_stay_as_they_are() -> None:
    for last in ("更正一下地址", "谢谢", "Correction: please"):
        given = messages("怎么退货", "七天内。", last)
        assert meant(given) == (given, ["怎么退货", last])
    only = messages(CHINESE)
    assert meant(only) == (only, [CHINESE])
    ends = messages("怎么退货", "七天内。")
    assert meant(ends) == (ends, ["怎么退货"])

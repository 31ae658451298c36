"""Drafts for staff: which question the assistant is asked, and its answer as plain text."""

import time
from pathlib import Path

import pytest

from gateway.handoffs.draft_request import MAX_EARLIER, MAX_QUESTION, NOTHING, DraftRequests
from gateway.handoffs.plain_text import plain_text
from gateway.storage.database import Database
from gateway.storage.desk_conversations import DeskConversations
from gateway.storage.file_store import FileStore
from gateway.storage.turns import Answered, Asked
from tests.support.databases import ME, close_turn, handoffs_of, open_turns


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("**七天**内可以 *退货*。", "七天内可以 退货。"),
        ("## 步骤\n\n- 一\n* 二\n1. 三", "步骤\n\n· 一\n· 二\n1. 三"),
        ("> 3.2 **七天内**可退\n> 请保留包装", "3.2 七天内可退\n请保留包装"),
        ("See [the rules](https://a.example/r).", "See the rules (https://a.example/r)."),
        ("```sh\nrun `it`\n```\n\n\n\nend", "run it\n\nend"),
        ("2 * 3 * 4 = 24, a_b_c, 5*6", "2 * 3 * 4 = 24, a_b_c, 5*6"),
        ("订单 QH_2026_11 的运费是 **8 元**", "订单 QH_2026_11 的运费是 8 元"),
        ("<b>no markup</b>", "<b>no markup</b>"),
        ("***both***, **a ~~b** c~~ and `code`", "both, a b c and code"),
        ("** no mark ** and **no end\nof it**", "** no mark ** and **no end\nof it**"),
        ("**one** and **two**, 2**3", "one and two, 2**3"),
    ],
)
def test_marks_go_and_words_stay(markdown: str, plain: str) -> None:
    assert plain_text(markdown) == plain


@pytest.mark.parametrize(
    "part", ["*", "**a ", "**a", "~~a ", "__a ", "[", "[a](", "[a](b ", "`", "> ", "# ", " ", "\n "]
)
def test_a_hostile_text_takes_little_time(part: str) -> None:
    started = time.process_time()
    plain_text(part * (100_000 // len(part)))
    assert time.process_time() - started < 1


def test_the_newest_question_is_asked_with_its_picture_and_what_came_before(
    database: Database, tmp_path: Path
) -> None:
    files = FileStore(tmp_path / "files")
    picture = files.add(ME, "screen.png", "image/png", b"\x89PNG", 1).id
    requests = DraftRequests(database, DeskConversations(database, files))
    for number, (text, outcome) in enumerate(
        [("first", "answered"), ("what is this?", None), ("talk to a person", "handoff")], 1
    ):
        named = (picture,) if number == 2 else ()
        asked = Asked(ME, "conversation-1", f"answer-{number}", text, named)
        open_turns(database, asked)
        answered = Answered("done", f"answer {number}", outcome=outcome)
        close_turn(database, f"answer-{number}", answered)
    handoffs_of(database).hand_over(ME, "conversation-1")
    messages = requests.request("conversation-1").messages
    assert [one["role"] for one in messages] == ["user", "assistant", "user"]
    text, file = messages[-1]["content"]
    assert text["text"] == "what is this?"
    assert file["file"]["file_data"].startswith("data:image/png;base64,iVBORw==")
    assert requests.request("conversation-of-nobody") == NOTHING


def test_what_a_system_told_goes_with_the_question_and_the_earlier_picture(
    database: Database, tmp_path: Path
) -> None:
    files = FileStore(tmp_path / "files")
    picture = files.add(ME, "waybill.png", "image/png", b"\x89PNG", 1).id
    requests = DraftRequests(database, DeskConversations(database, files))
    found = {"id": "1", "name": "track", "title": "查询物流", "status": "done",
             "result": {"text": "包裹 SF1402857369214 运输中。", "values": {}}}  # fmt: skip
    failed = {**found, "id": "2", "status": "failed"}
    open_turns(database, Asked(ME, "conversation-1", "answer-1", "", (picture,)))
    close_turn(database, "answer-1", Answered("done", "运输中。", tools=[found, failed]))
    open_turns(database, Asked(ME, "conversation-1", "answer-2", "什么时候到？"))
    request = requests.request("conversation-1")
    assert [one["role"] for one in request.messages] == ["user", "assistant", "user"]
    assert request.messages[0]["content"][0]["type"] == "file"
    [told] = request.told["track"]
    assert told.is_of({"waybill": "SF1402857369214"})
    assert not told.is_of({"waybill": "SF1402857369999"})


def test_a_wish_for_a_person_or_thanks_after_the_claim_is_no_question(
    database: Database, tmp_path: Path
) -> None:
    requests = DraftRequests(database, DeskConversations(database, FileStore(tmp_path / "files")))
    for number, text in enumerate(("我要转人工", "谢谢"), 1):
        open_turns(database, Asked(ME, "conversation-1", f"answer-{number}", text))
    assert requests.request("conversation-1") == NOTHING
    open_turns(database, Asked(ME, "conversation-1", "answer-3", "运费谁出？"))
    open_turns(database, Asked(ME, "conversation-1", "answer-4", "我要转人工"))
    asked = requests.request("conversation-1").messages[-1]["content"]
    assert asked == [{"type": "text", "text": "运费谁出？"}]


def test_of_a_picture_alone_that_is_deleted_nothing_is_asked(
    database: Database, tmp_path: Path
) -> None:
    files = FileStore(tmp_path / "files")
    picture = files.add(ME, "screen.png", "image/png", b"\x89PNG", 1).id
    open_turns(database, Asked(ME, "conversation-1", "answer-1", "", (picture,)))
    requests = DraftRequests(database, DeskConversations(database, files))
    assert len(requests.request("conversation-1").messages) == 1
    files.delete(ME, picture)
    assert requests.request("conversation-1") == NOTHING


def test_long_messages_are_cut(database: Database, tmp_path: Path) -> None:
    for number in range(10):
        asked = Asked(ME, "conversation-1", f"answer-{number}", f"{number} 运费谁出？" * 2_000)
        open_turns(database, asked)
    requests = DraftRequests(database, DeskConversations(database, FileStore(tmp_path / "files")))
    *before, question = requests.request("conversation-1").messages
    assert [len(one["content"][0]["text"]) for one in before] == [MAX_EARLIER] * 8
    [part] = question["content"]
    assert part["text"].startswith("9 运费谁出？")
    assert len(part["text"]) == MAX_QUESTION

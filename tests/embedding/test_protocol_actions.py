"""What a host hears of actions, and that none of its messages decides one."""

from playwright.sync_api import Page, expect

from tests.embedding.kit import entered, event, request
from tests.support.action_desk import action_desk, followed
from tests.support.servers import Running


def status(page: Page, skip: int = 0) -> object:
    action = event(page, "action-changed", skip)["action"]
    assert isinstance(action, dict)
    return action["status"]


def test_the_host_hears_each_state_of_an_action_and_decides_none(
    page: Page, host: str, gateway: Running
) -> None:
    with action_desk(page) as desk:
        shown = entered(page, host, gateway)
        assert request(page, "ask", {"text": "发票抬头错了"}) == "ack"
        assert status(page) == "proposed"
        assert event(page, "action-changed")["conversationId"] == desk.conversation
        completed = event(page, "message-completed")
        assert completed["text"] == desk.text
        assert "action" not in completed
        for type_ in ("confirm", "confirm-action", "action-changed"):
            assert request(page, type_, {"id": "act-1"}) == "unknown_type"
        assert desk.decisions == []

        followed(page, desk)
        shown.locator(".proposal").get_by_role("button", name="确认").click()
        assert status(page, 1) == "confirmed"
        desk.end("done", "红字发票申请已提交。")
        assert status(page, 2) == "done"
        expect(shown.locator(".turn.notice")).to_have_text("红字发票申请已提交。")
        # The token is in a header of every request, the stream's included.
        assert all(token and token.startswith("Bearer ") for token in desk.tokens)

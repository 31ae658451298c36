"""What other systems get with a hand-over: the conversation so far and links to its pictures."""

from gateway.auth.tokens import Signer
from gateway.handoffs.webhook_data import LINK_SECONDS, WebhookData
from gateway.storage.database import Database
from gateway.storage.turns import Answered, Asked
from tests.support.databases import ME, close_turn, handoffs_of, open_turns
from tests.support.handoff_rows import told

FILE = "file-of-the-customer"
NOW = 2_000_000_000


def test_a_request_brings_messages_links_and_the_way_to_the_desk(database: Database) -> None:
    signer = Signer("secret")
    open_turns(database, Asked(ME, "conversation-1", "answer-1", "call 13812345678", (FILE,)))
    close_turn(database, "answer-1", Answered("done", "I cannot."))
    handoffs = handoffs_of(database)
    made, _ = handoffs.hand_over(ME, "conversation-1")
    handoffs.claim("anna", made["id"])
    handoffs.say("anna", made["id"], "Later words are not part of it.")
    [(type_, data), (claimed, step), *_] = told(database)
    completer = WebhookData(database, signer, "https://desk.example/")
    whole = completer.complete(type_, data, 1000 * NOW)
    assert [(one["role"], one["text"], one["files"]) for one in whole["messages"]] == [
        ("user", "call 138****5678", [FILE]),
        ("assistant", "I cannot.", []),
    ]
    [picture] = whole["pictures"]
    assert (picture["file"], picture["expires_at"]) == (FILE, NOW + LINK_SECONDS)
    address, _, token = picture["url"].rpartition("/")
    assert address == "https://desk.example/signed/files"
    assert signer.file(token) == ("conversation-1", FILE)
    assert Signer("another").file(token) is None
    assert whole["desk_url"] == f"https://desk.example/desk.html#/inbox/open/{made['id']}"
    # A later try sends the same bytes.
    assert completer.complete(type_, data, 1000 * NOW) == whole
    assert completer.complete(claimed, step, 1000 * NOW) == step

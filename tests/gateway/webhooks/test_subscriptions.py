"""webhooks.yaml: what is right serves, and what is wrong is named with its line."""

import os
from pathlib import Path

import pytest

from gateway.webhooks.event_types import TYPES
from gateway.webhooks.subscription_file import MAX_BYTES, SubscriptionFile
from gateway.webhooks.subscriptions import MAX_SUBSCRIPTIONS, read_subscriptions
from tests.support.outbox import subscribe
from tests.support.paths import ROOT
from tests.support.webhook_receiver import SECRET

ENVIRON = {
    "CONNECTOR_SECRET": SECRET,
    "CONNECTOR_URL": "https://rpa.example/hooks?token=hidden-word",
    "CONNECTOR_SHORT": "whsec_aGlkZGVuLXdvcmQ=",
    "CONNECTOR_PLAIN": "hidden-word",
    "EMBED_SECRET": "hidden-word",
}
RIGHT = """
- url: ${CONNECTOR_URL}
  events: [action.done, fields.read]
  secret: ${CONNECTOR_SECRET}
"""


def test_an_entry_is_read_with_its_variables() -> None:
    [found], problems = read_subscriptions(RIGHT.encode(), ENVIRON)
    assert problems == []
    assert found.url == "https://rpa.example/hooks?token=hidden-word"
    assert (found.host, found.secret) == ("rpa.example", SECRET)
    assert found.events == {"action.done", "fields.read"}
    assert "hidden-word" not in repr(found)
    assert "hidden-word" not in found.id


@pytest.mark.parametrize(
    "text",
    [
        "[{url: ${CONNECTOR_URL}, events: [action.done], secret: ${CONNECTOR_SECRET}}]",
        "- {secret: ${CONNECTOR_SECRET}, url: ${CONNECTOR_URL} , events: [action.done]}\n",
    ],
)
def test_an_entry_between_braces_needs_no_quotes_around_its_variables(text: str) -> None:
    [found], problems = read_subscriptions(text.encode(), ENVIRON)
    assert problems == []
    assert (found.url, found.secret) == (ENVIRON["CONNECTOR_URL"], SECRET)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("- [", 2, "is not valid YAML"),
        ("- [${CONNECTOR_URL}, {secret: ${CONNECTOR_SECRET}]", 1, "is not valid YAML"),
        ("url: x", 1, "must be a list"),
        ("- x", 1, "must be {url, events, secret}"),
        ("- url: http://a\n  secret: ${CONNECTOR_SECRET}", 1, "events is missing"),
        (RIGHT + "  method: GET", 5, "method is no key"),
        (RIGHT + "  url: http://a", 5, "'url' is there twice"),
        (RIGHT.replace("${CONNECTOR_URL}", "ftp://a"), 2, "must be an http or https"),
        (RIGHT.replace("${CONNECTOR_URL}", "http://[x"), 2, "must be an http or https"),
        (RIGHT.replace("${CONNECTOR_URL}", "http://a b"), 2, "must be an http or https"),
        (RIGHT.replace("${CONNECTOR_URL}", "http://a/${EMBED_SECRET}"), 2, "begin with CONNECTOR_"),
        (RIGHT.replace("${CONNECTOR_URL}", "http://a/{caller.user}"), 2, "variables only"),
        (RIGHT.replace("CONNECTOR_URL", "CONNECTOR_NONE"), 2, "CONNECTOR_NONE} is not set"),
        (RIGHT.replace("action.done", "action.began"), 3, "action.began is no type"),
        (RIGHT.replace("[action.done, fields.read]", "[]"), 3, "must be a list of types"),
        (RIGHT.replace("[action.done, fields.read]", "[1]"), 3, "1 is no type"),
        (RIGHT.replace("${CONNECTOR_SECRET}", SECRET), 4, "it is read from the environment"),
        (RIGHT.replace("CONNECTOR_SECRET", "CONNECTOR_SHORT"), 4, "24 to 64 bytes"),
        (RIGHT.replace("CONNECTOR_SECRET", "CONNECTOR_PLAIN"), 4, "24 to 64 bytes"),
        (RIGHT.replace("CONNECTOR_SECRET", "EMBED_SECRET"), 4, "begin with CONNECTOR_"),
        ("[" * 5000, 1, "nested deeper"),
    ],
)
def test_what_is_wrong_is_named_with_line_and_reason(text: str, line: int, reason: str) -> None:
    found, [problem] = read_subscriptions(text.encode(), ENVIRON)
    assert found == []
    assert reason in problem.reason
    assert problem.line == line
    assert "hidden-word" not in str(problem)


def test_one_wrong_entry_does_not_take_the_others_with_it() -> None:
    wrong = "- url: 1\n  events: []\n  secret: x\n"
    found, problems = read_subscriptions((wrong + RIGHT + RIGHT).encode(), ENVIRON)
    assert [one.host for one in found] == ["rpa.example"]
    assert ["a text" in problems[0].reason, "twice" in problems[1].reason] == [True, True]


def test_there_is_a_bound_on_entries() -> None:
    many = RIGHT * (MAX_SUBSCRIPTIONS + 1)
    assert read_subscriptions(many.encode(), ENVIRON)[0] == []


def test_a_change_is_followed_and_a_broken_file_leaves_the_last_good_one(folder: Path) -> None:
    file = SubscriptionFile(folder, ENVIRON)
    assert (file.current, file.problems) == ((), [])
    subscribe(folder, "http://a/", types="[action.done]")
    file.update()
    assert file.wanted == {"action.done"}
    (folder / "webhooks.yaml").write_text("- [")
    file.update()
    assert [one.host for one in file.current] == ["a"]
    assert [one.reason.split(":")[0] for one in file.problems] == ["is not valid YAML"]
    (folder / "webhooks.yaml").write_bytes(b"\xff\xfe\x00")
    file.update()
    assert "UTF-8" in file.problems[0].reason
    subscribe(folder, "http://a/", "http://b/")
    file.update()
    assert ([one.host for one in file.current], file.problems) == (["a", "b"], [])
    (folder / "webhooks.yaml").unlink()
    file.update()
    assert (file.current, file.wanted) == ((), frozenset())


def test_what_is_no_file_or_too_large_is_named_at_once(folder: Path) -> None:
    os.mkfifo(folder / "webhooks.yaml")
    file = SubscriptionFile(folder, ENVIRON)
    assert "FIFO" in file.problems[0].reason
    (folder / "webhooks.yaml").unlink()
    (folder / "webhooks.yaml").write_text("#" * (MAX_BYTES + 1))
    file.update()
    assert str(MAX_BYTES) in file.problems[0].reason


def test_the_documents_name_every_type() -> None:
    text = (ROOT / "docs" / "webhooks.md").read_text("utf-8")
    assert [type_ for type_ in sorted(TYPES) if f"`{type_}`" not in text] == []

"""What is kept of an answer, and how it is said."""

import json
import time
from typing import Any

import pytest

from gateway.connectors.environment import Hide
from gateway.connectors.problems import Wrong
from gateway.connectors.results import NotAsDescribed, NothingFound, ResultPaths, bounded
from gateway.connectors.wording import Wording

ANSWER = {
    "status": "运输中",
    "events": [{"text": "到达杭州", "at": 1}, {"text": "离开上海", "at": 0}],
    "secret": "s",
}


def test_a_query_for_one_place_gives_its_value_and_any_other_a_list() -> None:
    paths = ResultPaths(
        {"status": "$.status", "texts": "$.events[*].text", "late": "$.events[?@.at > 0].text",
         "gone": "$.gone", "none": "$.events[?@.at > 9].text"}
    )  # fmt: skip
    assert paths.keep(ANSWER) == {
        "status": "运输中", "texts": ["到达杭州", "离开上海"], "late": ["到达杭州"],
        "gone": None, "none": [],
    }  # fmt: skip


@pytest.mark.parametrize("answer", [None, [], {}, "x", 3, {"other": 1}])
def test_an_answer_without_anything_that_is_kept_is_not_as_described(answer: Any) -> None:
    with pytest.raises(NotAsDescribed):
        ResultPaths({"status": "$.status", "events": "$.events[*]"}).keep(answer)


@pytest.mark.parametrize(
    ("paths", "answer"),
    [
        ({"status": "$[0].status"}, []),
        ({"subjects": "$[*].subject"}, []),
        ({"status": "$.status"}, []),
        ({"status": "$.orders[0].status", "error": "$.error"}, {"orders": [], "total": 0}),
        ({"orders": "$.orders"}, {"orders": []}),
        ({"names": "$.orders[*].items[*].name"}, {"orders": [{"items": []}, {"items": []}]}),
        ({"names": "$..items[?@.price > 1].name"}, {"a": {"items": []}}),
    ],
)
def test_an_empty_list_where_the_file_looks_is_nothing_found(
    paths: dict[str, str], answer: Any
) -> None:
    with pytest.raises(NothingFound):
        ResultPaths(paths).keep(answer)


@pytest.mark.parametrize(
    ("paths", "answer"),
    [
        ({"status": "$[0].status"}, [{"state": "sent"}]),
        ({"status": "$.orders[0].status"}, {"orders": {}}),
        ({"status": "$.orders[0].status"}, {"error": []}),
        ({"status": "$.orders[?@.id == 7].status"}, {"orders": [{"id": 8}]}),
        ({"names": "$.orders[*].items[0].name"}, {"orders": [{"items": []}, {"items": [{}]}]}),
        ({"status": "$.status"}, None),
    ],
)
def test_an_answer_of_another_form_is_not_taken_for_nothing_found(
    paths: dict[str, str], answer: Any
) -> None:
    with pytest.raises(NotAsDescribed) as caught:
        ResultPaths(paths).keep(answer)
    assert not isinstance(caught.value, NothingFound)


def test_a_pattern_in_a_query_is_linear() -> None:
    paths = ResultPaths({"a": "$[?search(@.x, '(a+)+$')].x", "b": "$[0].y"})
    started = time.process_time()
    paths.keep([{"x": "a" * 9000 + "!", "y": 1}])
    assert time.process_time() - started < 0.5


def test_a_query_through_a_megabyte_ends_soon() -> None:
    answer = {"a": [{"b": [{"c": n}]} for n in range(40_000)]}
    started = time.process_time()
    kept = ResultPaths({"all": "$..c"}).keep(answer)
    assert len(kept["all"]) == 50
    assert time.process_time() - started < 2


def test_a_result_is_bounded_in_every_direction() -> None:
    deep: Any = "x"
    for _ in range(30):
        deep = [deep]
    for value in ("x" * 10**6, list(range(10**5)), {str(n): n for n in range(10**4)}, deep,
                  [["y" * 1000] * 50] * 50, {"k" * 10**5: 1}):  # fmt: skip
        assert len(json.dumps(bounded({"a": value}))) < 20_000
    assert bounded({"a": "x" * 3000})["a"] == "x" * 2000 + "…"


def test_a_sentence_is_filled_from_the_result() -> None:
    wording = Wording(
        {"zh": "包裹{{ status }}。{{ events[0] }}{% for e in events %}·{{ e }}{% endfor %}"},
        frozenset(("status", "events")),
    )
    values = {"status": "已签收", "events": ["甲", "{{ 7 * 7 }}"]}
    assert wording.say("zh", values) == "包裹已签收。甲·甲·{{ 7 * 7 }}"
    assert wording.say("en", values) == "包裹已签收。甲·甲·{{ 7 * 7 }}"
    assert wording.say("zh", {"status": None, "events": []}) == "包裹。"


def test_a_folded_line_leaves_no_space_in_chinese() -> None:
    wording = Wording(
        {
            "zh": "“申请” 已提交， 最迟 {{ day }}。 谢谢",
            "en": "Sent as “{{ day }}” in all. Thanks",
        },
        None,
    )
    assert wording.say("zh", {"day": "3 日"}) == "“申请”已提交，最迟 3 日。谢谢"
    assert wording.say("en", {"day": "the 3rd"}) == "Sent as “the 3rd” in all. Thanks"


def test_a_value_of_another_kind_gives_no_sentence_instead_of_an_error() -> None:
    wording = Wording({"zh": "{{ n|round(2) }} {{ a.b.c }}"}, frozenset(("n", "a")))
    assert wording.say("zh", {"n": "many", "a": 3}) == ""


def test_a_sentence_is_cut() -> None:
    wording = Wording(
        {"zh": "{% for a in x %}{% for b in x %}{{ b }}{% endfor %}{% endfor %}"}, None
    )
    assert len(wording.say("zh", {"x": ["y" * 2000] * 50})) == 2000


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__ }}{{ x() }}", "{{ range(9) }}", "{{ x ** 9 }}", "{{ 'a' * 9 }}",
        "{{ '%99999999s' % x }}", "{% include 'a' %}", "{% set a = x %}", "{{ x|center(9) }}",
        "{{ x|attr('a') }}", "{{ x|replace('a', x) }}", "{% macro a() %}{% endmacro %}",
        "{% for a in x %}{% for b in x %}{% for c in x %}{% endfor %}{% endfor %}{% endfor %}",
        "{% for a in x recursive %}{% endfor %}", "{{ x", "x" * 5000, "{{ y }}",
    ],
)  # fmt: skip
def test_a_sentence_can_neither_call_nor_compute_nor_loop_for_long(text: str) -> None:
    with pytest.raises(Wrong):
        Wording({"zh": text}, frozenset("x"))


def test_the_insides_of_a_value_cannot_be_reached() -> None:
    wording = Wording({"zh": "[{{ x.__class__ }}|{{ x['__class__'] }}|{{ x.items }}]"}, None)
    assert wording.say("zh", {"x": {"a": 1}}) in ("", "[||]")


def test_a_secret_that_a_cut_would_halve_is_hidden_whole() -> None:
    hide = Hide(("token-4711-abcdefgh",))
    text = "x" * 1990 + "token-4711-abcdefgh"
    assert "token" not in bounded({"a": text}, hide.text)["a"]
    assert "token" not in ResultPaths({"a": "$.a"}).keep({"a": text}, hide.text)["a"]

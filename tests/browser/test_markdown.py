"""An answer's Markdown, as whoever wrote it meant it, and drawn at once however hostile it is."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.kit import Site, answer, ask, content, open_page

Draw = Callable[[str], Locator]
LARGE = 200_000
FREEZE_MS = 3000  # many times what a frame may take on a busy machine; without bounds it is minutes

HOSTILE = {
    "stars": "*a ",
    "stars in words": "**a",
    "stars beside punctuation": "*.a**b",
    "underscores": "_a ",
    "brackets": "[",
    "links without an end": "[a](",
    "pictures without an end": "![",
    "backticks": "`a ",
    "angles": "<",
    "tags without an end": "<a ",
    "comments": "<!--",
    "tildes": "~~a ",
    "quotes": "> ",
    "list marks": "- ",
    "headings": "# a\n",
    "table": "a|b\n-|-\n",
    "pipes": "|",
    "definitions": "[a]: b\n",
    "lines": "a\n",
    "mails": "a@b.",
    "addresses": "http://a.b ",
    "entities": "&amp;",
    "backslashes": "\\",
    "everything": "*_~`[<",
}


@pytest.fixture
def drawn(page: Page, site: Site) -> Draw:
    open_page(page, site)

    def draw(text: str) -> Locator:
        page.evaluate(
            """async (text) => {
                const { renderMarkdown } = await import("/assets/js/render/markdown.js");
                const box = document.getElementById("drawn") ?? document.createElement("div");
                box.className = "markdown";
                box.id = "drawn";
                document.getElementById("thread").append(box);
                renderMarkdown(box, text);
            }""",
            text,
        )
        return page.locator("#drawn")

    return draw


@pytest.mark.parametrize(
    "text",
    [
        "发货后 3~5 天，偏远地区 7~10 天",
        "尺寸 30*20*10",
        "长*宽*高",
        "(3)*(4)*(5)",
        "2**10**2",
        "snake_case_name",
        "3 * 4 * 5",
        "满79~199元，8:00~20:00",
    ],
)
def test_signs_that_mean_themselves_are_shown(drawn: Draw, text: str) -> None:
    box = drawn(text)
    expect(box).to_have_text(text)
    expect(box.locator("em, strong, del")).to_have_count(0)


@pytest.mark.parametrize(
    ("text", "strong", "whole"),
    [
        ("**退款时效：**三个工作日", "退款时效：", "退款时效：三个工作日"),
        ("请在**「订单」**里查看", "「订单」", "请在「订单」里查看"),
        ("**价格(含税):**三元", "价格(含税):", "价格(含税):三元"),
        ("共**3**件", "3", "共3件"),
        ("**“七天”**内", "“七天”", "“七天”内"),
        ("**[运费](https://a.example)**见上", "运费", "运费见上"),
        ("**30*20*10**厘米", "30*20*10", "30*20*10厘米"),
        ("a **b** c", "b", "a b c"),
    ],
)
def test_bold_ends_where_it_was_meant_to(drawn: Draw, text: str, strong: str, whole: str) -> None:
    box = drawn(text)
    expect(box.locator("strong")).to_have_text(strong)
    expect(box).to_have_text(whole)


def test_emphasis_and_strikethrough_are_still_there(drawn: Draw) -> None:
    box = drawn("*斜体*，***粗斜***，_em_，~~旧价~~新价")
    expect(box.locator("em")).to_have_text(["斜体", "粗斜", "em"])
    expect(box.locator("del")).to_have_text("旧价")


@pytest.mark.parametrize(
    ("text", "href"),
    [
        ("打开 https://shop.example/track，登录后查看", "https://shop.example/track"),
        ("见https://shop.example/a?b=1&c=2。然后", "https://shop.example/a?b=1&c=2"),
        ("（https://shop.example/a）", "https://shop.example/a"),
        ("https://shop.example/help查看", "https://shop.example/help"),
        ("www.shop.example，或来电", "http://www.shop.example"),
        ("https://shop.example/a_(b).", "https://shop.example/a_(b)"),
        ("[说明](https://shop.example/说明)", "https://shop.example/%E8%AF%B4%E6%98%8E"),
    ],
)
def test_an_address_ends_where_the_sentence_goes_on(drawn: Draw, text: str, href: str) -> None:
    expect(drawn(text).locator("a")).to_have_attribute("href", href)


def test_a_list_begins_where_it_was_told_to(drawn: Draw) -> None:
    box = drawn("3. 提交\n4. 等待")
    assert box.locator("ol").evaluate("list => list.start") == 3
    expect(box.locator("li")).to_have_text(["提交", "等待"])
    expect(drawn("接着：\n3. 提交\n4. 等待")).to_contain_text("3. 提交")


def test_a_list_of_tasks_shows_what_is_done(drawn: Draw) -> None:
    box = drawn("- [x] 已付款\n- [ ] 未发货\n- 其他")
    expect(box.locator("li")).to_have_text(["☑ 已付款", "☐ 未发货", "其他"])
    marks = box.locator("li").evaluate_all(
        "items => items.map((item) => getComputedStyle(item).listStyleType)"
    )
    assert marks == ["none", "none", "disc"]


def test_a_column_is_aligned_as_it_was_told_to(drawn: Draw) -> None:
    box = drawn("| 项目 | 金额 | 备注 |\n|---|--:|:-:|\n| 运费 | 12.00 | 无 |")
    for cells in ("th", "td"):
        sides = box.locator(cells).evaluate_all(
            "cells => cells.map((cell) => getComputedStyle(cell).textAlign)"
        )
        assert sides == ["start", "right", "center"]


def test_an_answer_is_drawn_so_while_it_grows_too(page: Page, site: Site) -> None:
    open_page(page, site)
    parts = ["**退款时效", "：**三个", "工作日，3~", "5 天…7~10 天，30*", "20*10"]
    answer(page, *(content(part) for part in parts))
    reply = ask(page, "退款")
    expect(reply.locator(".markdown strong")).to_have_text("退款时效：")
    expect(reply.locator(".markdown")).to_have_text(
        "退款时效：三个工作日，3~5 天…7~10 天，30*20*10"
    )


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_markdown_of_200_kb_does_not_freeze_the_page(
    page: Page, site: Site, unit: str
) -> None:
    """Whole, and while it grows."""
    page.goto(site.url + "/chat.html")
    whole, longest, length = page.evaluate(
        """async ([unit, size]) => {
            const path = "/assets/js/render/markdown.js";
            const { MarkdownWriter, renderMarkdown } = await import(path);
            const text = unit.repeat(Math.ceil(size / unit.length)).slice(0, size);
            const box = document.createElement("div");
            box.className = "markdown";
            document.getElementById("thread").append(box);
            const taken = (work) => {
                const started = performance.now();
                work(); box.offsetHeight;
                return performance.now() - started;
            };
            const whole = taken(() => renderMarkdown(box, text));
            const { length } = box.textContent;
            const writer = new MarkdownWriter(box);
            let longest = 0;
            for (let end = 5000; end <= 30_000; end += 5000)
                longest = Math.max(longest, taken(() => writer.write(text.slice(0, end))));
            return [whole, longest, length];
        }""",
        [unit, LARGE],
    )
    assert whole < FREEZE_MS
    assert longest < FREEZE_MS
    assert length > LARGE * 0.85  # what is not read as Markdown is shown as it is

"""What others write never becomes script: a public list of injections wherever words reach the page."""

import functools
import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.kit import READING, Site, answer, ask, content, error, extras, open_page, send

PAYLOADS = [
    line for line in (Path(__file__).parents[1] / "corpora" / "xss.txt").read_text().splitlines() if line.strip()
]
OWN = [
    "[a](javascript:window.hit=1)",
    "[a](data:text/html,<script>parent.hit=1</script>)",
    "![a](https://outside.example/a.png)",
    "<svg/onload=window.hit=1>",
    '<iframe srcdoc="<script>parent.hit=1</script>">',
    '<a href="&#106;avascript:window.hit=1">a</a>',
    "[a]: javascript:window.hit=1\n\n[a]",
    "<https://outside.example/auto.png>",
    "```html\n<img src=x onerror=window.hit=1>\n```",
    '| <img src=x onerror=window.hit=1> |\n|---|\n| <link rel=stylesheet href="//outside.example"> |',
]
EVERY = PAYLOADS + OWN


@pytest.fixture
def guarded(page: Page, site: Site) -> Page:
    """A page in which nothing may run, open or leave: what tries is noted."""
    page.add_init_script(
        """window.hits = [];
        for (const name of ["alert", "prompt", "confirm", "print", "open"]) window[name] = (...words) => void hits.push([name, ...words].join(" "));
        Object.defineProperty(window, "hit", { set(value) { hits.push("hit"); }, get() { return undefined; } });"""
    )
    open_page(page, site)
    page.on("request", functools.partial(note, page, site))
    return page


OUTSIDE: list[str] = []


def note(page: Page, site: Site, request: object) -> None:
    url = request.url  # type: ignore[attr-defined]
    if not url.startswith((site.url, "data:", "blob:")):
        OUTSIDE.append(url)


@pytest.fixture(autouse=True)
def nothing_happens(guarded: Page, site: Site) -> object:
    OUTSIDE.clear()
    yield
    # Whatever was drawn is moved over and pressed, too: many payloads wait for that.
    guarded.evaluate(
        """() => { for (const element of document.querySelectorAll(".thread *, #side *, dialog *, #attachments *"))
            for (const type of ["mouseover", "mouseenter", "focus", "blur", "drag", "click", "animationend", "toggle"])
                if (!(type === "click" && element.closest("button, a, summary, label, input"))) element.dispatchEvent(new Event(type, { bubbles: true })); }"""
    )
    guarded.wait_for_timeout(200)
    assert guarded.evaluate("hits") == []
    assert OUTSIDE == []
    assert guarded.url == site.url + "/chat.html"
    unsafe = "script:not([src^='/assets/']):not([src^='http']), iframe, object, embed, .markdown img, .markdown svg, .markdown form, .markdown input, .markdown style, .markdown link, .markdown [style], .markdown a[href^='javascript' i], .markdown a[href^='data' i]"
    assert guarded.locator(unsafe).count() == 0
    handlers = "[...document.querySelectorAll('.thread *, #side *, dialog *')].flatMap((one) => [...one.attributes]).filter((one) => one.name.startsWith('on')).length"
    assert guarded.evaluate(handlers) == 0


def test_there_are_enough_of_them() -> None:
    assert len(EVERY) >= 200


def test_as_an_answer(guarded: Page) -> None:
    answer(guarded, *(content(f"{payload}\n\n") for payload in EVERY), content("the end"))
    reply = ask(guarded, "多少钱包邮")
    expect(reply.locator(".markdown")).to_contain_text("the end")


def test_as_an_answer_while_it_grows(guarded: Page) -> None:
    guarded.evaluate(
        """async (payloads) => {
            const { MarkdownWriter } = await import("/assets/js/render/markdown.js");
            const box = document.createElement("div");
            box.className = "markdown";
            document.getElementById("thread").append(box);
            for (const payload of payloads) {
                const writer = new MarkdownWriter(box);
                for (let end = 1; end <= payload.length; end += 7) writer.write(payload.slice(0, end));
                writer.write(payload);
            }
        }""",
        EVERY,
    )


def test_each_alone_as_an_answer(guarded: Page) -> None:
    """One that is neutralised by its neighbours could still run by itself."""
    guarded.evaluate(
        """async (payloads) => {
            const { renderMarkdown } = await import("/assets/js/render/markdown.js");
            for (const payload of payloads) {
                const box = document.createElement("div");
                box.className = "markdown";
                document.getElementById("thread").append(box);
                renderMarkdown(box, payload);
            }
        }""",
        EVERY,
    )


def test_as_a_question_and_a_title(guarded: Page) -> None:
    answer(guarded, content("好"))
    send(guarded, "\n".join(EVERY)[:60_000])
    expect(guarded.locator(".turn.assistant .copy")).to_be_visible(timeout=READING)
    expect(guarded.locator(".turn.user .bubble")).to_contain_text(EVERY[0])


def test_as_clauses(guarded: Page) -> None:
    clauses = [{"id": str(n), "title": p, "clause": p, "text": "\n".join(EVERY)} for n, p in enumerate(EVERY)]
    answer(guarded, extras(citations=clauses), content("好"))
    ask(guarded, EVERY[1])
    for number in (0, 1, len(EVERY) - 1):
        guarded.locator(".turn.assistant .chip").nth(number).click()
        expect(guarded.locator("#clause .text")).to_contain_text(EVERY[3])
        guarded.keyboard.press("Escape")


def test_as_the_name_of_a_file(guarded: Page) -> None:
    # Only the page is asked here: two hundred broken PDFs would keep the gateway's workers busy for a while.
    guarded.route("**/api/files", lambda route: route.fulfill(status=415, json=error("unsupported_media_type")))
    for start in range(0, 200, 8):
        files = [
            {"name": f"{name[:120]}.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-"}
            for name in EVERY[start : start + 8]
        ]
        guarded.set_input_files("#picker", files)  # type: ignore[arg-type]
        expect(guarded.locator("#attachments li")).to_have_count(len(files))
        guarded.evaluate("document.querySelectorAll('#attachments .remove').forEach((button) => button.click())")


def test_as_text_read_from_an_image(guarded: Page, site: Site) -> None:
    """What a picture says comes as fields and lines: values, names, errors of the gateway, conversations of the server."""
    file = {"id": "file-1", "filename": EVERY[0], "content_type": "application/pdf", "pages": 1}
    readings = [
        {
            "image": "file-1",
            "width": 9,
            "height": 9,
            "lines": [{"text": p, "box": [0, 0, 1, 1]}],
            "fields": [{"name": p, "value": p, "box": [0, 0, 1, 1], "valid": False}],
        }
        for p in EVERY
    ]
    user = {"id": "t", "role": "user", "text": EVERY[2], "files": [file]}
    turn = {
        "id": "answer-1",
        "role": "assistant",
        "text": "\n\n".join(EVERY),
        "citations": [],
        "reading": readings,
        "state": "done",
    }
    summary = {"id": "c1", "object": "conversation", "title": EVERY[1], "created_at": 1, "updated_at": 1, "turns": 2}
    summaries = [summary | {"id": f"c{number}", "title": payload} for number, payload in enumerate(EVERY)]
    guarded.route(
        "**/api/conversations?**",
        lambda route: route.fulfill(json={"object": "list", "data": summaries, "has_more": False}),
    )
    guarded.route("**/api/conversations/**", lambda route: route.fulfill(json=summary | {"messages": [user, turn]}))
    guarded.reload()
    expect(guarded.locator(".turn.assistant .fields input").first).to_have_value(EVERY[0])
    expect(guarded.locator("#history .past")).to_have_count(len(EVERY))
    guarded.locator(".turn.assistant .fields .small").nth(1).click()
    expect(guarded.locator(".lightbox .caption")).not_to_be_empty()


def test_as_the_gateways_own_words(guarded: Page) -> None:
    words = json.dumps(EVERY)[:20_000]
    answer(guarded, error("invalid_request", words), status=400)
    send(guarded, "多少钱包邮")
    expect(guarded.locator(".failure p")).to_contain_text("onerror")

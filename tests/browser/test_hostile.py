"""Foreign text never becomes script: a public list of injections wherever text is shown."""

import base64
import functools
import json

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.browser.kit import (
    READING,
    Site,
    answer,
    ask,
    attach,
    content,
    error,
    extras,
    open_page,
    send,
)
from tests.support.paths import DATA

PAYLOADS = [
    line for line in (DATA / "corpora" / "xss.txt").read_text().splitlines() if line.strip()
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
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABh6FO1AAAAABJRU5ErkJg"
    "gg=="
)


def done(answer: str, text: str, **more: object) -> dict[str, object]:
    return {
        "id": answer,
        "role": "assistant",
        "text": text,
        "citations": [],
        "reading": [],
        "state": "done",
        **more,
    }


@pytest.fixture
def guarded(page: Page, site: Site) -> Page:
    """A page in which nothing may run, open or leave: what tries is noted."""
    page.add_init_script(
        """window.hits = [];
        for (const name of ["alert", "prompt", "confirm", "print", "open"])
            window[name] = (...words) => void hits.push([name, ...words].join(" "));
        Object.defineProperty(window, "hit", {
            set(value) { hits.push("hit"); }, get() { return undefined; } });"""
    )
    open_page(page, site)
    page.on("request", functools.partial(note, page, site))
    return page


OUTSIDE: list[str] = []


def note(page: Page, site: Site, request: Request) -> None:
    url = request.url
    if not url.startswith((site.url, "data:", "blob:")):
        OUTSIDE.append(url)


@pytest.fixture(autouse=True)
def nothing_happens(guarded: Page, site: Site) -> object:
    OUTSIDE.clear()
    yield
    # Whatever was drawn is moved over and pressed, too: many payloads wait for that.
    guarded.evaluate(
        """() => {
            const types = ["mouseover", "mouseenter", "focus", "blur", "drag", "click", "toggle",
                "animationend"];
            const shown = ".thread *, #sidebar *, dialog *, #attachments *";
            const acts = "button, a, summary, label, input";
            for (const element of document.querySelectorAll(shown))
                for (const type of types)
                    if (!(type === "click" && element.closest(acts)))
                        element.dispatchEvent(new Event(type, { bubbles: true })); }"""
    )
    guarded.wait_for_timeout(200)
    assert guarded.evaluate("hits") == []
    assert OUTSIDE == []
    assert guarded.url == site.url + "/chat.html"
    unsafe = (
        "script:not([src^='/assets/']):not([src^='http']), iframe, object, embed, .markdown img, "
        ".markdown svg, .markdown form, .markdown input, .markdown style, .markdown link, "
        ".markdown [style], .markdown a[href^='javascript' i], .markdown a[href^='data' i]"
    )
    assert guarded.locator(unsafe).count() == 0
    handlers = """[...document.querySelectorAll(".thread *, #sidebar *, dialog *")]
        .flatMap((one) => [...one.attributes])
        .filter((one) => one.name.startsWith("on")).length"""
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
                for (let end = 1; end <= payload.length; end += 7)
                    writer.write(payload.slice(0, end));
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
    clauses = [
        {"id": str(n), "title": p, "clause": p, "text": "\n".join(EVERY)}
        for n, p in enumerate(EVERY)
    ]
    answer(guarded, extras(citations=clauses), content("好"))
    ask(guarded, EVERY[1])
    for number in (0, 1, len(EVERY) - 1):
        guarded.locator(".turn.assistant .chip").nth(number).click()
        expect(guarded.locator("#clause .text")).to_contain_text(EVERY[3])
        guarded.keyboard.press("Escape")


def test_as_the_name_of_a_file_that_waits_to_be_sent(guarded: Page) -> None:
    # No upload: two hundred broken PDFs would keep the gateway's workers busy for a while.
    guarded.route(
        "**/api/files",
        lambda route: route.fulfill(status=415, json=error("unsupported_media_type")),
    )
    for start in range(0, 200, 8):
        files = [
            {"name": f"{name[:120]}.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-"}
            for name in EVERY[start : start + 8]
        ]
        guarded.set_input_files("#picker", files)  # type: ignore[arg-type]  # it wants a typed dict
        expect(guarded.locator("#attachments li")).to_have_count(len(files))
        guarded.evaluate(
            "document.querySelectorAll('#attachments .remove').forEach((button) => button.click())"
        )


def kept(page: Page, turns: list[dict[str, object]], titles: list[str]) -> None:
    """Opens a stored conversation, in a list of these titles, with all of its turns drawn."""
    summaries = [
        {"id": f"c{number}", "title": title, "created_at": 1, "updated_at": 1, "turns": 2}
        for number, title in enumerate(titles)
    ]
    page.route(
        "**/api/conversations?**",
        lambda route: route.fulfill(json={"object": "list", "data": summaries, "has_more": False}),
    )
    page.route(
        "**/api/conversations/**",
        lambda route: route.fulfill(json=summaries[0] | {"messages": turns}),
    )
    page.reload()
    expect(page.locator("#history .past")).to_have_count(len(titles))
    page.wait_for_function(
        """(count) => { document.getElementById("thread").scrollTop = 0;
        document.querySelector(".earlier")?.click();
        return document.querySelectorAll(".turn").length === count; }""",
        arg=len(turns),
        timeout=READING,
    )


def one_line(payloads: list[str]) -> list[str]:
    """As a field of one line shows them."""
    return [payload.replace("\n", "") for payload in payloads]


def test_as_the_name_of_a_file_in_the_thread_and_in_the_lightbox(guarded: Page) -> None:
    names = EVERY[:300]
    picture = base64.b64decode(PIXEL)
    guarded.route(
        "**/api/files/*/content",
        lambda route: route.fulfill(body=picture, content_type="image/png"),
    )
    files = [
        {"id": f"file-{number}", "filename": name, "content_type": kind, "pages": 1}
        for number, name in enumerate(names)
        for kind in ("image/png", "application/pdf")
    ]
    kept(
        guarded,
        [{"id": "t", "role": "user", "text": "a", "files": files}, done("answer-1", "b")],
        ["a"],
    )
    assert guarded.locator(".picture img").evaluate_all("all => all.map(one => one.alt)") == names
    labels = guarded.locator(".picture").evaluate_all("all => all.map(one => one.ariaLabel)")
    assert labels == [f"查看大图: {name}" for name in names]
    assert guarded.locator(".file-name > span").all_text_contents() == names
    titles = guarded.evaluate(
        """async () => { const titles = [];
        for (const one of document.querySelectorAll(".picture")) {
            one.click();
            while (!document.querySelector("dialog h2")) await new Promise(requestAnimationFrame);
            titles.push(document.querySelector("dialog h2").textContent);
            document.querySelector("dialog").close();
            while (document.querySelector("dialog")) await new Promise(requestAnimationFrame);
        }
        return titles; }"""
    )
    assert titles == names


def test_as_text_read_from_an_image(guarded: Page) -> None:
    """Text from a picture comes as fields: names and values, a dozen for each answer."""
    turns: list[dict[str, object]] = []
    for number, start in enumerate(range(0, len(EVERY), 12)):
        box = {"box": [0, 0, 1, 1], "valid": False}
        fields = [
            {"name": payload, "value": payload, **box} for payload in EVERY[start : start + 12]
        ]
        file = {
            "id": f"file-{number}",
            "filename": "a.png",
            "content_type": "image/png",
            "pages": 1,
        }
        reading = {"image": file["id"], "width": 9, "height": 9, "lines": [], "fields": fields}
        turns += [
            {"id": f"t{number}", "role": "user", "text": "a", "files": [file]},
            # Where the answer says what was read, a chip says so too.
            done(f"answer-{number}", "\n\n".join(EVERY[start : start + 12]), reading=[reading]),
        ]
    guarded.route(
        "**/api/files/*/content",
        lambda route: route.fulfill(body=base64.b64decode(PIXEL), content_type="image/png"),
    )
    kept(guarded, turns, EVERY)
    expect(guarded.locator(".fields dd > :first-child")).to_have_count(
        len(EVERY)
    )  # the card comes later
    values = guarded.locator(".fields dd > :first-child").evaluate_all(
        "all => all.map(one => one.value)"
    )
    assert values == one_line(EVERY)
    names = guarded.locator(".fields dt").all_text_contents()
    assert names == list(EVERY)  # a field that the page has no word for is shown by its own name
    assert guarded.locator(".chip.seen").count() > 0
    captions = guarded.evaluate(
        """async () => { const captions = [];
        for (const form of document.querySelectorAll(".fields")) {
            form.querySelector("dd .small").click();
            while (!document.querySelector(".region")) await new Promise(requestAnimationFrame);
            for (const mark of document.querySelectorAll(".region")) {
                mark.click();
                captions.push(document.querySelector(".caption").textContent);
            }
            document.querySelector("dialog").close();
            while (document.querySelector("dialog")) await new Promise(requestAnimationFrame);
        }
        return captions; }"""
    )
    assert captions == [f"field_{payload} · {payload}" for payload in EVERY]


def test_as_what_the_real_reader_reads_in_a_real_picture(
    guarded: Page, site: Site, browser: Browser
) -> None:
    drawn = [
        "错误代码：ERR_<img src=x onerror=alert(1)>",
        "订单号：<script>alert(1)</script>",
        "快递公司：<svg/onload=alert(1)>",
        "网址：javascript:alert(1)",
        "https://shop.example/<iframe src=javascript:alert(1)>",
        '状态："><img src=x onerror=alert(document.domain)>',
        "[点这里](javascript:alert(1))",
        "![](https://outside.example/a.png)",
    ]
    screen = browser.new_page(viewport={"width": 1000, "height": 520})
    screen.set_content(
        "<body style='font: 26px sans-serif; line-height: 2.1; padding: 10px 30px'></body>"
    )
    screen.evaluate(
        """lines => { for (const line of lines)
            document.body.append(line, document.createElement("br")); }""",
        drawn,
    )
    png = screen.screenshot()
    screen.close()
    attach(guarded, {"name": "screen.png", "mimeType": "image/png", "buffer": png})
    ask(guarded, "这张图写了什么？")
    stored = guarded.request.get(f"{site.url}/api/files").json()["data"][0]["id"]
    read = guarded.request.get(f"{site.url}/api/files/{stored}/reading").json()["data"][0]
    lines = " ".join(line["text"] for line in read["lines"])
    for word in ("onerror", "script", "svg", "javascript", "outside.example"):
        assert word in lines, lines
    assert read["fields"], "something of it has to reach the page"
    expect(guarded.locator(".fields dd > :first-child").first).to_be_visible()


def test_as_the_gateways_own_words(guarded: Page) -> None:
    words = json.dumps(EVERY)[:20_000]
    answer(
        guarded, error("too_many_images", words, size=words, limit=words, name=words), status=400
    )
    send(guarded, "多少钱包邮")
    expect(guarded.locator(".failure p")).to_have_text(
        "图片太多：一次最多 8 张。"
    )  # numbers alone are shown

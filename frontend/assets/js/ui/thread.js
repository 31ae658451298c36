// The conversation as it stands: its tail first, the answer as it grows, earlier turns as one scrolls up.
import { copied, dressAnswer } from "./answer.js";
import { icon, iconButton, make, template } from "./parts.js";
import { readableSize } from "../lib/texts.js";

const TAIL = 24; // turns drawn at once; a thousand of them would take seconds
const NEAR = 120; // pixels from the end that still count as "at the end"
const ABOVE = 12; // pixels left free above what is shown from its top
// Loaded with the first answer: the page is there before the renderer is.
const renderer = () => import("../render/markdown.js");

export function mountThread(element, parts) {
  const { session, text, announcer, pictureUrl } = parts;
  const toBottom = document.getElementById("to-bottom");
  let live = null;
  let shownFrom = 0;
  let atEnd = true;
  let following = null; // the answer that is brought into sight as it grows, until its top is reached or the reader scrolls
  let placed = 0; // where this module scrolled to last
  let shownId = null;
  let markdown = null;
  const articles = new WeakMap(); // of answers, by their turn

  /** Without a network there is no renderer yet, and an answer is shown as the text it is. */
  const load = async () => (markdown ??= await renderer().catch(() => null));

  async function write(bubble, words) {
    if (!markdown) {
      bubble.textContent = words;
      await load();
    }
    markdown?.renderMarkdown(bubble, words);
  }

  /** Draws the open conversation anew, without its live answer, which is kept. */
  function show() {
    const { id, turns } = session.conversation;
    if (live && !turns.includes(live.turn)) drop();
    const kept = shownId === id && !atEnd ? element.scrollTop : null; // the same conversation, as another tab or the language changed it
    if (shownId !== id) following = null;
    shownId = id;
    shownFrom = Math.max(0, turns.length - TAIL);
    element.replaceChildren();
    if (!turns.length) return void element.append(welcome());
    element.append(...drawn(shownFrom, turns.length));
    mountEarlier();
    if (kept === null) toEnd();
    else scrollTo(kept);
  }

  const drawn = (from, to) => session.conversation.turns.slice(from, to).map((turn, index) => (turn === live?.turn ? live.article : turn.role === "user" ? userTurn(turn) : finished(turn, from + index)));

  function mountEarlier() {
    if (!shownFrom) return;
    const more = make("button", { type: "button", className: "earlier", textContent: text("more"), onclick: showEarlier });
    element.prepend(more);
    new IntersectionObserver((entries, observer) => {
      if (!entries.some((entry) => entry.isIntersecting) || !more.isConnected || element.scrollTop > NEAR) return;
      observer.disconnect();
      showEarlier();
    }, { root: element }).observe(more);
  }

  function showEarlier() {
    element.querySelector(".earlier")?.remove();
    const to = shownFrom;
    shownFrom = Math.max(0, to - TAIL);
    const height = element.scrollHeight - element.scrollTop;
    element.prepend(...drawn(shownFrom, to));
    mountEarlier();
    element.scrollTop = element.scrollHeight - height;
  }

  function welcome() {
    const image = make("img", { src: "/assets/img/icon.svg", alt: "", width: 56, height: 56 });
    return make("div", { className: "welcome" }, image, make("h2", { textContent: text("welcomeTitle") }), make("p", { textContent: text("welcomeText") }));
  }

  function userTurn(turn) {
    const article = template("user-template");
    const bubble = article.querySelector(".bubble");
    bubble.textContent = turn.text;
    bubble.hidden = !turn.text;
    const pictures = article.querySelector(".pictures");
    pictures.hidden = !turn.files?.length;
    pictures.append(...(turn.files ?? []).map((file) => picture(file, turn)));
    article.querySelector(".actions").append(
      iconButton("copy", text("copy"), (event) => copied(event.currentTarget, turn.text, text), { className: "icon-button small" }),
      iconButton("edit", text("edit"), () => edit(article, turn), { className: "icon-button small edit" }),
    );
    return article;
  }

  function picture(file, turn) {
    if (file.type === "application/pdf") {
      const about = file.pages > 1 ? text("pages", { pages: file.pages }) : readableSize(file.size ?? 0);
      return make("span", { className: "file-name" }, icon("clause"), make("span", { textContent: file.name }), make("small", { textContent: about }));
    }
    const image = make("img", { alt: file.name ?? text("picture"), loading: "lazy", decoding: "async" });
    pictureUrl(file).then((url) => (image.src = url), () => image.classList.add("lost"));
    return make("button", { type: "button", className: "picture", ariaLabel: `${text("open")}: ${file.name ?? text("picture")}`, onclick: () => enlarge(file, turn) }, image);
  }

  async function enlarge(file, turn) {
    const { openLightbox } = await import("./lightbox.js");
    const { turns } = session.conversation;
    const answer = turns[turns.indexOf(turn) + 1];
    openLightbox({ file, readings: (answer?.reading ?? []).filter((reading) => reading.image === file.id), text, pictureUrl });
  }

  /** The question again, to be written anew where it stands; what came after it goes. */
  function edit(article, turn) {
    if (session.busy) return;
    const area = make("textarea", { value: turn.text, rows: Math.min(8, turn.text.split("\n").length + 1), ariaLabel: text("edit") });
    const resend = make("button", { type: "submit", className: "primary", textContent: text("resend") });
    const cancel = make("button", { type: "button", className: "quiet", textContent: text("cancel"), onclick: () => article.replaceWith(userTurn(turn)) });
    const form = make("form", { className: "rewrite" }, area, make("div", { className: "buttons" }, cancel, resend));
    form.onsubmit = (event) => {
      event.preventDefault();
      if (area.value.trim()) session.ask(area.value.trim(), turn.files ?? [], { replaces: turn });
    };
    area.onkeydown = (event) => {
      if (event.key === "Escape") cancel.click();
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
        event.preventDefault();
        form.requestSubmit();
      }
    };
    article.querySelector(".actions").hidden = true;
    article.querySelector(".bubble").replaceWith(form);
    area.focus();
  }

  function finished(turn, index) {
    const { turns } = session.conversation;
    const article = template("answer-template");
    const bubble = article.querySelector(".bubble");
    bubble.hidden = !turn.text;
    if (turn.text) write(bubble, turn.text);
    article.querySelector(".status").hidden = true;
    dressAnswer(article, turn, turns[index - 1], index === turns.length - 1, parts);
    articles.set(turn, article);
    return article;
  }

  function begin({ turn, phase, since: started }) {
    if (live?.turn === turn) return say(phase); // drawn again with its conversation
    element.querySelector(".welcome")?.remove();
    forgetLast();
    const article = template("answer-template");
    const elapsed = article.querySelector(".elapsed");
    const tick = () => (elapsed.textContent = text("seconds", { seconds: Math.floor((performance.now() - started) / 1000) }));
    live = { turn, article, timer: setInterval(tick, 1000), frame: 0, writer: null };
    tick();
    say(phase);
    articles.get(turn)?.remove(); // one that is picked up again was shown as far as it had come
    element.append(article);
    toEnd();
    following = article;
    load().then(schedule);
  }

  /** Only the last answer can be asked for again, or handed over. */
  function forgetLast() {
    element.querySelectorAll(".turn.assistant .regenerate, .turn.assistant .handoff, .turn.assistant .failure").forEach((old) => (old.hidden = true));
  }

  function say({ key, values }) {
    const words = text(key, values);
    const phase = live.article.querySelector(".phase");
    if (phase.textContent !== words) phase.textContent = words;
  }

  function progress({ turn, phase }) {
    if (live?.turn !== turn) return;
    say(phase);
    schedule();
  }

  /** Once a frame at most, however fast tokens come. */
  function schedule() {
    if (live) live.frame ||= requestAnimationFrame(paint);
  }

  function paint() {
    if (!live) return;
    live.frame = 0;
    if (!markdown) return;
    live.writer ??= new markdown.MarkdownWriter(live.article.querySelector(".bubble"));
    live.writer.write(live.turn.text);
    follow();
  }

  function drop() {
    clearInterval(live.timer);
    cancelAnimationFrame(live.frame);
    live = null;
  }

  function end() {
    if (!live) return null;
    const ended = live;
    drop();
    const bubble = ended.article.querySelector(".bubble");
    const { text: words } = ended.turn;
    ended.written = write(bubble, words);
    bubble.hidden = !words;
    ended.article.querySelector(".status").hidden = true;
    const { turns } = session.conversation;
    const index = turns.indexOf(ended.turn);
    dressAnswer(ended.article, ended.turn, turns[index - 1], true, parts);
    ended.written.then(follow);
    follow();
    return ended;
  }

  function scrollTo(top) {
    element.scrollTop = top;
    placed = element.scrollTop;
    atEnd = element.scrollHeight - placed - element.clientHeight < NEAR;
  }

  function toEnd() {
    scrollTo(element.scrollHeight);
  }

  /** As far towards the end as the top of the answer allows: a long one is read from its beginning. */
  function follow() {
    if (!following?.isConnected) return;
    const end = element.scrollHeight - element.clientHeight;
    const top = topOf(following);
    if (Math.min(end, top) > element.scrollTop) scrollTo(Math.min(end, top));
    toBottom.hidden = end - element.scrollTop < NEAR;
  }

  /** Of an answer, with its question where that is short. */
  function topOf(article) {
    const question = article.previousElementSibling;
    const first = question && question.offsetHeight < element.clientHeight / 4 ? question : article;
    return first.getBoundingClientRect().top - element.getBoundingClientRect().top + element.scrollTop - ABOVE;
  }

  element.addEventListener("scroll", () => {
    const left = element.scrollHeight - element.scrollTop - element.clientHeight;
    // The reader's own scrolling wins; at the very end it was the content that became shorter.
    if (element.scrollTop < placed - 2 && left > 2) following = null;
    placed = element.scrollTop;
    atEnd = left < NEAR;
    toBottom.hidden = atEnd;
  }, { passive: true });
  toBottom.onclick = () => {
    following = null;
    toEnd();
  };
  // The composer grows over the end of the thread, which stays in sight.
  new ResizeObserver(() => (following ? follow() : atEnd && toEnd())).observe(element);

  const on = {
    asked: ({ turn }) => {
      element.querySelector(".welcome")?.remove();
      element.append(userTurn(turn));
      toEnd();
    },
    answering: begin,
    progress,
    // Told once and whole: a reader of the screen would be lost among tokens.
    answered: async () => {
      const ended = end();
      await ended?.written;
      if (ended) announcer.textContent = `${text("answerDone")}: ${ended.article.querySelector(".bubble").textContent.trim()}`;
    },
    stopped: () => void end(),
    failed: () => end() && toEnd(), // told by its box, an alert
  };
  const stopListening = listenTo(session, on, show);
  text.follow(show);
  show();
  return stopListening;
}

/** Answers are written in conversations that are not shown, too: those concern nobody here. */
function listenTo(session, on, opened) {
  const listeners = Object.entries(on).map(([type, listener]) => [type, ({ detail }) => session.isShown(detail.conversation) && listener(detail)]);
  listeners.push(["opened", opened]);
  for (const [type, listener] of listeners) session.addEventListener(type, listener);
  return () => listeners.forEach(([type, listener]) => session.removeEventListener(type, listener));
}

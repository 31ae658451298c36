// The conversation as it stands: turns, the answer as it grows, failures with a retry.
import { wordsFor } from "../models/failure.js";
import { readableSize } from "../lib/size.js";
import { renderMarkdown } from "../render/markdown.js";
import { mountCitations } from "./citations.js";

const FIRST_SHOWN = 40;

export function mountThread(element, { session, text, insert, limits, announcer, pictureUrl }) {
  const template = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);
  let live = null;

  function show() {
    live = null;
    element.replaceChildren();
    const { turns } = session.conversation;
    if (!turns.length) return void element.append(welcome());
    turns.slice(-FIRST_SHOWN).forEach((turn, index, shown) => element.append(turn.role === "user" ? userTurn(turn) : finished(turn, shown[index - 1])));
    element.scrollTop = element.scrollHeight;
  }

  function welcome() {
    const box = document.createElement("div");
    box.className = "welcome";
    const icon = Object.assign(new Image(64, 64), { src: "/assets/img/icon.svg", alt: "" });
    const title = Object.assign(document.createElement("h1"), { textContent: text("welcomeTitle") });
    box.append(icon, title, Object.assign(document.createElement("p"), { textContent: text("welcomeText") }));
    return box;
  }

  function userTurn(turn) {
    const article = template("turn-template");
    article.classList.add("user");
    const bubble = article.querySelector(".bubble");
    bubble.textContent = turn.text;
    bubble.hidden = !turn.text;
    if (turn.files?.length) article.prepend(pictures(turn.files));
    return article;
  }

  function pictures(files) {
    const box = document.createElement("div");
    box.className = "pictures";
    for (const file of files) {
      if (file.type === "application/pdf" || file.type === "image/heic") {
        box.append(Object.assign(document.createElement("span"), { className: "file-name", textContent: `${file.name} · ${readableSize(file.size ?? 0)}` }));
      } else box.append(Object.assign(new Image(), { src: pictureUrl(file), alt: file.name, loading: "lazy" }));
    }
    return box;
  }

  function finished(turn, question) {
    const article = template("answer-template");
    renderMarkdown(article.querySelector(".bubble"), turn.text || "");
    article.querySelector(".status").hidden = true;
    article.querySelector(".bubble").hidden = !turn.text;
    dress(article, turn, question);
    if (turn.failure && turn === session.conversation.turns.at(-1)) showFailure(article, turn.failure);
    return article;
  }

  /** What comes with an answer: fields, citations, copying. */
  function dress(article, turn, question) {
    mountFields(article.querySelector(".fields"), turn.fields ?? []);
    mountCitations(article.querySelector(".citations"), turn.citations ?? [], question?.text ?? "", text);
    const copy = article.querySelector(".copy");
    article.querySelector(".actions").hidden = !turn.text;
    if (insert && turn.answer) article.querySelector(".actions").append(insertButton(turn));
    copy.textContent = text("copy");
    copy.onclick = async () => {
      await copyText(turn.text);
      copy.textContent = text("copied");
    };
  }

  function insertButton(turn) {
    return Object.assign(document.createElement("button"), { type: "button", className: "copy", textContent: text("insert"), onclick: () => session.dispatchEvent(new CustomEvent("insert", { detail: turn })) });
  }

  function mountFields(box, fields) {
    box.hidden = fields.length === 0;
    box.querySelector("h3").textContent = text("fieldsTitle");
    const list = box.querySelector("dl");
    list.replaceChildren();
    for (const field of fields.slice(0, 12)) {
      list.append(
        Object.assign(document.createElement("dt"), { textContent: text(`field_${field.name}`) }),
        Object.assign(document.createElement("dd"), { textContent: field.value }),
      );
    }
  }

  function begin({ turn, phase }) {
    element.querySelector(".welcome")?.remove();
    const article = template("answer-template");
    const started = performance.now();
    const elapsed = article.querySelector(".elapsed");
    const timer = setInterval(() => (elapsed.textContent = text("seconds", { seconds: Math.floor((performance.now() - started) / 1000) })), 1000);
    live = { turn, article, timer, frame: 0, stuck: true };
    article.querySelector(".phase").textContent = text(phase.key, phase.values);
    element.append(article);
    element.scrollTop = element.scrollHeight;
  }

  function progress({ turn, phase }) {
    if (live?.turn !== turn) return;
    live.article.querySelector(".phase").textContent = text(phase.key, phase.values);
    live.frame ||= requestAnimationFrame(paint);
  }

  /** Once a frame at most, however fast tokens come. */
  function paint() {
    if (!live) return;
    live.frame = 0;
    const near = element.scrollHeight - element.scrollTop - element.clientHeight < 120;
    renderMarkdown(live.article.querySelector(".bubble"), live.turn.text);
    if (near) element.scrollTop = element.scrollHeight;
  }

  function end() {
    if (!live) return null;
    clearInterval(live.timer);
    cancelAnimationFrame(live.frame);
    const ended = live;
    paint();
    live = null;
    ended.article.querySelector(".status").hidden = true;
    const { turns } = session.conversation;
    const near = element.scrollHeight - element.scrollTop - element.clientHeight < 120;
    dress(ended.article, ended.turn, turns[turns.indexOf(ended.turn) - 1]);
    if (near) element.scrollTop = element.scrollHeight;
    return ended;
  }

  function failed({ error }) {
    const ended = end();
    if (!ended) return;
    showFailure(ended.article, error);
    element.scrollTop = element.scrollHeight;
  }

  function showFailure(article, error) {
    const box = article.querySelector(".failure");
    box.hidden = false;
    box.querySelector("p").textContent = wordsFor(error, text, limits);
    const button = box.querySelector(".retry");
    countDown(button, error.retryAfter ?? 0);
    button.onclick = () => {
      article.remove();
      session.retry();
    };
  }

  function countDown(button, seconds) {
    button.disabled = seconds > 0;
    button.textContent = seconds > 0 ? text("retryIn", { seconds }) : text("retry");
    if (seconds > 0) setTimeout(() => countDown(button, seconds - 1), 1000);
  }

  const on = {
    opened: show,
    asked: (event) => {
      element.querySelector(".welcome")?.remove();
      element.append(userTurn(event.detail));
    },
    answering: (event) => begin(event.detail),
    progress: (event) => progress(event.detail),
    answered: () => {
      const ended = end();
      if (ended) announcer.textContent = `${text("answerDone")}: ${ended.turn.text.slice(0, 500)}`;
    },
    stopped: () => {
      const ended = end();
      ended?.article.querySelector(".bubble").append(Object.assign(document.createElement("p"), { className: "hint", textContent: text("stopped") }));
    },
    failed: (event) => failed(event.detail),
  };
  for (const [type, listener] of Object.entries(on)) session.addEventListener(type, listener);
  show();
  return () => Object.entries(on).forEach(([type, listener]) => session.removeEventListener(type, listener));
}

// Over plain HTTP in a LAN there is no navigator.clipboard.
async function copyText(words) {
  if (navigator.clipboard) return navigator.clipboard.writeText(words);
  const area = Object.assign(document.createElement("textarea"), { value: words });
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

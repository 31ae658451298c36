// The left column: common questions by group, conversations below; one search for both.
import { wordsFor } from "../models/failure.js";
import { remember, remembered } from "./chrome.js";
import { iconButton, make, toast } from "./parts.js";

const SEARCH_PAUSE_MS = 250;
const AWAY_PAUSE_MS = 5000; // between two looks whether the server is back

const BACK_BY_ITSELF = new Set(["network", "upstream_unavailable", "upstream_timeout", "upstream_error", "rate_limit_exceeded"]);

export function mountSide(element, { session, history, config, text, ask }) {
  const questions = element.querySelector("#questions");
  const past = element.querySelector("#history");
  const search = element.querySelector("#search");
  const shut = rememberedShut();
  const said = (words) => words[text.locale] ?? Object.values(words)[0] ?? "";
  let asked = 0;
  let again = 0;
  let shown = [];
  let seen = []; // without a query, when the server was there

  function showQuestions() {
    const wanted = search.value.trim().toLowerCase();
    questions.replaceChildren(make("h2", { textContent: text("commonQuestions") }));
    for (const group of config.questions) {
      const matching = group.questions.map(said).filter((words) => words.toLowerCase().includes(wanted));
      if (!matching.length) continue;
      const name = said(group.title);
      const box = make("details", { className: "group", open: Boolean(wanted) || !shut.has(name) });
      box.append(make("summary", { textContent: name }), ...matching.map((words) => make("button", { type: "button", className: "ask", textContent: words, onclick: ({ detail }) => detail < 2 && ask(words) })));
      box.ontoggle = () => !wanted && keepShut(name, !box.open);
      questions.append(box);
    }
    if (questions.children.length === 1) questions.append(make("p", { className: "hint", textContent: text("nothingFound") }));
  }

  function keepShut(name, isShut) {
    if (isShut) shut.add(name);
    else shut.delete(name);
    remember("shut", JSON.stringify([...shut]));
  }

  /** Where the server cannot be asked, what was last seen stays, and it is asked again until it answers. */
  async function showPast() {
    const mine = ++asked;
    clearTimeout(again);
    const query = search.value.trim();
    const page = await history.page({ query }).catch((error) => ({ error }));
    if (mine !== asked) return;
    if (!page.error) {
      if (!query) seen = page.data;
      shown = page.data;
      return draw(page.more);
    }
    shown = seen.filter(({ title }) => title?.toLowerCase().includes(query.toLowerCase()));
    draw(false, seen.length ? text("historySeen") : text("historyAway", { reason: wordsFor(page.error, text, config.limits) }));
    if (BACK_BY_ITSELF.has(page.error.code)) again = setTimeout(showPast, AWAY_PAUSE_MS);
  }

  function draw(more, away = "") {
    past.replaceChildren(make("h2", { textContent: text("conversations") }));
    const note = away || (history.place === "none" ? text(history.why) : !shown.length ? text(search.value.trim() ? "nothingFound" : "noConversations") : history.place === "local" ? text("keptHere") : "");
    past.append(make("ul", {}, ...shown.map(item)));
    if (more) past.append(make("button", { type: "button", className: "older", textContent: text("older"), onclick: showOlder }));
    markCurrent();
    if (note) past.append(make("p", { className: away || history.place === "none" ? "hint wrong" : "hint", textContent: note }));
  }

  async function showOlder() {
    const page = await history.page({ query: search.value.trim(), before: shown.at(-1).id }).catch(() => null);
    if (!page) return;
    shown = [...shown, ...page.data];
    if (!search.value.trim()) seen = shown;
    draw(page.more);
  }

  function item(conversation) {
    const title = conversation.title || text("untitled");
    const open = make("button", { type: "button", className: "past", textContent: title, title, onclick: () => go(conversation) });
    open.dataset.id = conversation.id;
    return make("li", {}, open,
      iconButton("edit", `${text("rename")}: ${title}`, () => rename(conversation), { className: "icon-button small rename" }),
      iconButton("delete", `${text("delete")}: ${title}`, () => remove(conversation), { className: "icon-button small delete" }));
  }

  function markCurrent() {
    for (const open of past.querySelectorAll(".past")) {
      if (open.dataset.id === session.conversation.id) open.setAttribute("aria-current", "true");
      else open.removeAttribute("aria-current");
    }
  }

  const say = (error) => toast(wordsFor(error, text, config.limits));

  function go(conversation) {
    session.open(conversation).catch(say);
  }

  async function rename(conversation) {
    const { askFor } = await import("./dialogs.js");
    const title = await askFor({ title: text("rename"), label: text("titleLabel"), value: conversation.title, submit: text("save"), single: true, text });
    if (!title) return;
    await session.rename(conversation.id, title).catch(say);
    showPast();
  }

  async function remove(conversation) {
    const { confirmed } = await import("./dialogs.js");
    if (!(await confirmed({ title: text("deleteTitle"), words: text("deleteText"), submit: text("delete"), text }))) return;
    await session.remove(conversation.id).catch(say);
    showPast();
  }

  let pausing = 0;
  search.oninput = () => {
    showQuestions();
    clearTimeout(pausing);
    pausing = setTimeout(showPast, SEARCH_PAUSE_MS);
  };
  element.querySelector("#new-conversation").onclick = () => session.open();
  const show = () => {
    search.placeholder = text("search");
    showQuestions();
    showPast();
  };
  addEventListener("online", showPast);
  session.addEventListener("idle", showPast);
  session.addEventListener("opened", markCurrent);
  text.follow(show);
  show();
  return { refresh: showPast };
}

/** The groups that were shut, in whatever state the storage is. */
function rememberedShut() {
  try {
    return new Set(JSON.parse(remembered("shut")) ?? []);
  } catch {
    return new Set();
  }
}

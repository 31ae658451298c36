// The left column: common questions by group, conversations below, one search field for both.
import { RETRYABLE, errorMessage } from "../models/failure.js";
import { remember, remembered } from "./app-shell.js";
import { iconButton, loaded, make, toast } from "./dom.js";

const SEARCH_PAUSE_MS = 250;
const RETRY_MS = 5000; // while the server cannot be reached

/** `ask(words)` asks a common question. Returns {refresh}, which reads the conversations again. */
export function mountSidebar(element, { session, history, config, text, ask }) {
  const search = element.querySelector("#search");
  const questions = element.querySelector("#questions");
  const conversations = mountConversations(element.querySelector("#history"), search, {
    session,
    history,
    config,
    text,
  });
  const showQuestions = questionList(questions, search, { config, text, ask });
  const show = () => {
    search.placeholder = text("search");
    showQuestions();
    conversations.refresh();
  };
  let pausing = 0;
  search.oninput = () => {
    showQuestions();
    clearTimeout(pausing);
    pausing = setTimeout(conversations.refresh, SEARCH_PAUSE_MS);
  };
  element.querySelector("#new-conversation").onclick = () => session.open();
  text.follow(show);
  show();
  return { refresh: conversations.refresh };
}

/** Returns the function that shows the common questions which match the search. */
function questionList(element, search, { config, text, ask }) {
  const closed = rememberedClosed();

  function keepClosed(name, isClosed) {
    if (isClosed) closed.add(name);
    else closed.delete(name);
    remember("shut", JSON.stringify([...closed]));
  }

  function button(words) {
    const onclick = ({ detail }) => detail < 2 && ask(words); // not on a double click's second
    return make("button", { type: "button", className: "ask", textContent: words, onclick });
  }

  function group({ title, questions }, wanted) {
    const matching = questions.map(text.of).filter((one) => one.toLowerCase().includes(wanted));
    if (!matching.length) return [];
    const name = text.of(title);
    const open = Boolean(wanted) || !closed.has(name);
    const summary = make("summary", { textContent: name });
    const box = make("details", { className: "group", open }, summary, ...matching.map(button));
    box.ontoggle = () => !wanted && keepClosed(name, !box.open);
    return [box];
  }

  return () => {
    const wanted = search.value.trim().toLowerCase();
    const groups = config.questions.flatMap((one) => group(one, wanted));
    const nothing = make("p", { className: "hint", textContent: text("nothingFound") });
    const title = make("h2", { textContent: text("commonQuestions") });
    element.replaceChildren(title, ...(groups.length ? groups : [nothing]));
  };
}

/** The list of conversations that match the search. Returns {refresh}. */
function mountConversations(element, search, { session, history, config, text }) {
  let requests = 0;
  let retry = 0;
  let shown = [];
  let lastSeen = []; // what the server answered last without a query
  const query = () => search.value.trim();
  const showError = (error) => toast(errorMessage(error, text, config.limits));

  /** Without the server the list stays as last seen; it is asked again until it answers. */
  async function refresh() {
    const request = ++requests;
    clearTimeout(retry);
    const wanted = query();
    const page = await history.page({ query: wanted }).catch((error) => ({ error }));
    if (request !== requests) return;
    if (!page.error) {
      if (!wanted) lastSeen = page.data;
      shown = page.data;
      return draw(page.more);
    }
    shown = lastSeen.filter(({ title }) => title?.toLowerCase().includes(wanted.toLowerCase()));
    const reason = () => errorMessage(page.error, text, config.limits);
    draw(false, lastSeen.length ? text("historySeen") : text("historyAway", { reason: reason() }));
    if (RETRYABLE.has(page.error.code)) retry = setTimeout(refresh, RETRY_MS);
  }

  /** `problem`: why the list may be wrong or empty, or "". */
  function draw(more, problem = "") {
    const title = make("h2", { textContent: text("conversations") });
    element.replaceChildren(title, make("ul", {}, ...shown.map(item)));
    if (more) {
      const properties = { type: "button", className: "older", textContent: text("older") };
      element.append(make("button", { ...properties, onclick: showOlder }));
    }
    markCurrent();
    const note = problem || noteOf();
    const isWrong = problem || history.place === "none";
    const className = isWrong ? "hint wrong" : "hint";
    if (note) element.append(make("p", { className, textContent: note }));
  }

  function noteOf() {
    if (history.place === "none") return text(history.why);
    if (!shown.length) return text(query() ? "nothingFound" : "noConversations");
    return history.place === "local" ? text("keptHere") : "";
  }

  async function showOlder() {
    const before = shown.at(-1).id;
    const page = await history.page({ query: query(), before }).catch(() => null);
    if (!page) return;
    shown = [...shown, ...page.data];
    if (!query()) lastSeen = shown;
    draw(page.more);
  }

  function item(conversation) {
    const title = conversation.title || text("untitled");
    const onclick = () => session.open(conversation).catch(showError);
    const properties = { type: "button", className: "past", textContent: title, title };
    const open = make("button", { ...properties, onclick });
    open.dataset.id = conversation.id;
    const about = make("small", { id: `about-${conversation.id}`, ...aboutOf(conversation) });
    about.dataset.state = conversation.state ?? "";
    open.setAttribute("aria-describedby", about.id);
    const tool = (icon, key, act) =>
      iconButton(icon, `${text(key)}: ${title}`, () => act(conversation), {
        className: `icon-button small ${key}`,
      });
    const tools = [tool("edit", "rename", rename), tool("delete", "delete", remove)];
    return make("li", {}, open, about, ...tools);
  }

  /** What it waits for, which a narrow list must not cut off; the time and kind of document. */
  function aboutOf({ kind, state, turns, updated_at: seconds }) {
    const at = seconds ? seconds * 1000 : turns?.at?.(-1)?.at;
    const waits = state && text(`past_${state}`);
    const parts = [waits, at && dateText(at, text.locale), kind && text(`kind_${kind}`)];
    return { textContent: parts.filter(Boolean).join(" · ") };
  }

  function markCurrent() {
    for (const open of element.querySelectorAll(".past")) {
      if (open.dataset.id === session.conversation.id) open.setAttribute("aria-current", "true");
      else open.removeAttribute("aria-current");
    }
  }

  async function rename({ id, title: value }) {
    const { askFor } = await loaded(import("./dialogs.js"));
    const [heading, label, submit] = [text("rename"), text("titleLabel"), text("save")];
    const title = await askFor({ title: heading, label, value, submit, single: true, text });
    if (!title) return;
    await session.rename(id, title).catch(showError);
    refresh();
  }

  async function remove({ id }) {
    const { confirmed } = await loaded(import("./dialogs.js"));
    const [title, words, submit] = [text("deleteTitle"), text("deleteText"), text("delete")];
    if (!(await confirmed({ title, words, submit, text }))) return;
    await session.remove(id).catch(showError);
    refresh();
  }

  addEventListener("online", refresh);
  for (const type of ["idle", "action", "handoffChanged"]) session.addEventListener(type, refresh);
  session.addEventListener("opened", markCurrent);
  return { refresh };
}

/** The time of today, else the date; `at` in ms since 1970. */
function dateText(at, locale) {
  const [then, today] = [new Date(at), new Date()];
  const isToday = then.toDateString() === today.toDateString();
  const isThisYear = then.getFullYear() === today.getFullYear();
  const date = { month: "short", day: "numeric", ...(!isThisYear && { year: "numeric" }) };
  return then.toLocaleString(locale, isToday ? { hour: "2-digit", minute: "2-digit" } : date);
}

/** The names of the groups that the person closed; none where the storage holds anything else. */
function rememberedClosed() {
  try {
    return new Set(JSON.parse(remembered("shut")) ?? []);
  } catch {
    return new Set();
  }
}

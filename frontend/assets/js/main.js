// The composition root of the page: it builds every part and hands each what it needs.
import { ApiClient } from "./api/client.js";
import { chooseLocale, translator } from "./lib/texts.js";
import { isDrawn } from "./models/attachments.js";
import { keyOf } from "./models/conversation.js";
import { errorMessage } from "./models/failure.js";
import { historyFor } from "./state/history.js";
import { Session } from "./state/session.js";
import { TabState } from "./state/tab-state.js";
import { mountAppShell, remembered } from "./ui/app-shell.js";
import { mountComposer } from "./ui/composer.js";
import { make, toast } from "./ui/dom.js";
import { mountSidebar } from "./ui/sidebar.js";
import { mountThread } from "./ui/thread.js";

const keptTheme = remembered("theme");
if (["light", "dark"].includes(keptTheme)) document.documentElement.dataset.theme = keptTheme;

// The same page at another address, where it does nothing without a token.
const isEmbedded = location.pathname === "/embed.html";
const languages = navigator.languages ?? [navigator.language];
const isTouch = matchMedia("(pointer: coarse)").matches;
const text = translator(chooseLocale([remembered("locale"), ...languages]), { isTouch });
const api = new ApiClient();
const root = document.querySelector(".desk");
const threadElement = document.getElementById("thread");

if (isEmbedded) {
  root.hidden = true;
  startEmbedded();
} else startAlone();

async function startAlone() {
  try {
    await begin({ config: await api.config() });
  } catch (error) {
    showStartFailure(error);
  }
}

/** Loads the host's bridge, and keeps the messages that come before it is there. */
async function startEmbedded() {
  const early = [];
  const keep = (event) => early.push(event);
  window.addEventListener("message", keep);
  const { openBridge } = await import("./host/bridge.js");
  window.removeEventListener("message", keep);
  openBridge({ window, api, begin, fail: showStartFailure, early });
}

/**
 * Builds the page. `insert`: how answers can be inserted into the host's ticket ("reply", "note").
 * `isAgent`: whether an agent of the company sees it. `isBarless`: the host has a title bar.
 * `scoped(storage)`: the part of a storage that belongs to this user. Resolves to the page's parts
 * once a conversation is shown or cannot be read.
 */
async function begin(options) {
  const { config, locale, theme, insert = [], isAgent = false, isBarless = false } = options;
  const { scoped = (storage) => storage } = options;
  if (locale) text.use(chooseLocale([locale]));
  root.hidden = false;
  root.classList.remove("bare");
  threadElement.replaceChildren();
  const tab = new TabState(scoped(storageOf("sessionStorage")));
  const history = await historyFor(config, api, scoped(storageOf("localStorage")));
  const { limits } = config;
  const session = new Session(api, history, tab, { maxText: limits.max_text });
  const services = {
    session,
    api,
    text,
    limits,
    insert,
    isAgent,
    pictureUrl: (file, page = 1) => api.pictureUrl(file.id, isDrawn(file) ? 0 : page),
    serverKept: config.history === "server",
    announcer: document.getElementById("announcer"),
    assistant: config.assistant,
    questions: config.questions,
    start: (words, picture) => begun(words, picture),
  };
  const form = document.getElementById("composer");
  const composer = mountComposer(form, { session, api, config, text, tab });
  const begun = (words, picture) => (picture ? composer.show(words, picture) : composer.ask(words));
  const tellsEngine = isAgent || !isEmbedded; // a customer is not told about engines
  const looks = { tellsEngine, isBarless };
  const shell = mountAppShell({ session, api, config, text, composer, looks });
  if (theme) shell.setTheme(theme);
  mountThread(threadElement, services);
  const sidebar = mountSidebar(document.getElementById("sidebar"), {
    session,
    history,
    config,
    text,
    ask: composer.ask,
  });
  shareWithTabs(session, history, sidebar);
  addEventListener("unhandledrejection", showLoadFailure);
  addEventListener("pagehide", () => session.leave());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  const opened = new Promise((done) => session.addEventListener("opened", done, { once: true }));
  const started = session.start().catch(() => {}); // the sidebar says why history cannot be read
  await Promise.race([opened, started]);
  if (!isEmbedded) composer.focus(); // a frame does not take the focus from its host
  return { session, api, history, composer, shell, text };
}

/** Dialogs and the editor are loaded at their first use, which fails without a network. */
function showLoadFailure(event) {
  if (event.reason?.code !== "network") return;
  event.preventDefault();
  toast(text("error_network"));
}

/**
 * Keeps this browser's tabs alike: answers, new titles and deletions of one tab are shown in the
 * others, an open conversation once it is not being answered.
 */
function shareWithTabs(session, history, sidebar) {
  if (!globalThis.BroadcastChannel) return;
  const channel = new BroadcastChannel("sightdesk");
  const behind = new Set(); // ids of conversations to draw again once their answer here has ended
  const keysOf = ({ turns }) => turns.map(keyOf).join();
  const isOpen = (conversation) => conversation?.id === session.conversation.id;

  /** `merged`: the history has merged another tab's turns that are not drawn yet. */
  async function refresh(id, merged = false) {
    if (!isOpen({ id })) return;
    if (session.busy) return void behind.add(id);
    const hasMerged = history.mend?.(session.conversation) || merged;
    const found = await history.get(id).catch(() => null);
    if (session.busy) return void behind.add(id);
    if (!isOpen(found)) return;
    if (hasMerged || keysOf(found) !== keysOf(session.conversation)) session.open(found);
  }

  session.addEventListener("idle", ({ detail: { conversation } }) => {
    channel.postMessage({ conversation: conversation.id });
    if (behind.delete(conversation.id)) refresh(conversation.id, true);
  });
  session.addEventListener("changed", ({ detail: { conversation, removed } }) => {
    channel.postMessage({ conversation: conversation.id, removed });
  });
  channel.onmessage = ({ data: { conversation: id, removed } }) => {
    sidebar.refresh();
    if (!removed) refresh(id);
    else if (isOpen({ id }) && !session.busy) session.open();
  };
  if (history.place !== "local") return;
  // The storage may reach the other tabs later than the message.
  addEventListener("storage", () => {
    sidebar.refresh();
    refresh(session.conversation.id);
  });
}

/** Shows the reason alone: without a configuration nothing else of the page works. */
function showStartFailure(error) {
  root.hidden = false;
  root.classList.add("bare");
  document.documentElement.lang = text.locale;
  const properties = { type: "button", className: "retry", textContent: text("retry") };
  const retry = make("button", { ...properties, onclick: () => location.reload() });
  const reason = make("p", { textContent: errorMessage(error, text) });
  threadElement.replaceChildren(make("div", { className: "welcome" }, reason, retry));
}

/** Browsers that deny storage throw at the first touch: then nothing is kept. */
function storageOf(name) {
  try {
    return globalThis[name];
  } catch {
    const setItem = () => {
      throw new Error("Storage is not available.");
    };
    return { getItem: () => null, setItem, removeItem: () => {} };
  }
}

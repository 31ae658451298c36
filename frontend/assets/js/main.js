// The composition root of the page.
import { Desk } from "./api/desk.js";
import { chooseLocale, translator } from "./lib/texts.js";
import { isDrawn } from "./models/attachments.js";
import { keyOf } from "./models/conversation.js";
import { wordsFor } from "./models/failure.js";
import { historyFor } from "./state/history.js";
import { Session } from "./state/session.js";
import { Tab } from "./state/tab.js";
import { mountChrome, remembered } from "./ui/chrome.js";
import { mountComposer } from "./ui/composer.js";
import { make, toast } from "./ui/parts.js";
import { mountSide } from "./ui/side.js";
import { mountThread } from "./ui/thread.js";

const theme = remembered("theme");
if (["light", "dark"].includes(theme)) document.documentElement.dataset.theme = theme;

// The same page at another address: there it can do nothing without a token.
const embedded = location.pathname === "/embed.html";
const text = translator(chooseLocale([remembered("locale"), ...(navigator.languages ?? [navigator.language])]));
const desk = new Desk();

if (embedded) {
  document.querySelector(".desk").hidden = true;
  embed();
} else start();

async function start() {
  try {
    await begin({ config: await desk.config() });
  } catch (error) {
    showStartFailure(error);
  }
}

/** What speaks with the host is loaded only where there is one; what the host says meanwhile is kept for it. */
async function embed() {
  const early = [];
  const keep = (event) => early.push(event);
  window.addEventListener("message", keep);
  const { openBridge } = await import("./host/bridge.js");
  window.removeEventListener("message", keep);
  openBridge({ window, desk, begin, fail: showStartFailure, early });
}

/** Builds the page and returns its parts, once it shows where it goes on. */
async function begin({ config, locale, theme, insert = false, shelf = (kept) => kept }) {
  if (locale) text.use(chooseLocale([locale]));
  const whole = document.querySelector(".desk");
  whole.hidden = false;
  whole.classList.remove("bare");
  document.getElementById("thread").replaceChildren();
  const tab = new Tab(shelf(storage("sessionStorage")));
  const history = await historyFor(config, desk, shelf(storage("localStorage")));
  const { limits } = config;
  const session = new Session(desk, history, tab, { maxText: limits.max_text });
  const pictureUrl = (file, page = 1) => desk.pictureUrl(file.id, isDrawn(file) ? 0 : page);
  const parts = { session, desk, config, text, limits, insert, pictureUrl, serverKept: config.history === "server", announcer: document.getElementById("announcer") };
  const composer = mountComposer(document.getElementById("composer"), { session, desk, config, text, tab });
  const chrome = mountChrome({ session, desk, config, text, composer });
  if (theme) chrome.setTheme(theme);
  mountThread(document.getElementById("thread"), parts);
  const side = mountSide(document.getElementById("side"), { session, history, config, text, ask: composer.ask });
  shareWithTabs(session, history, side);
  // Dialogs and the editor are loaded when they are first asked for, which takes a network.
  addEventListener("unhandledrejection", (event) => {
    if (!(event.reason instanceof TypeError) || !/module/i.test(event.reason.message)) return;
    event.preventDefault();
    toast(text("error_network"));
  });
  addEventListener("pagehide", () => session.leave());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  const opened = new Promise((resolve) => session.addEventListener("opened", resolve, { once: true }));
  const started = session.start().catch(() => {}); // the list beside it says why history cannot be read
  await Promise.race([opened, started]);
  if (!embedded) composer.focus(); // a frame does not take the focus from its host
  return { session, desk, history, composer, chrome, text };
}

/** What one tab was answered, renamed or deleted, the others show: the list at once, the conversation where they have it open, once they are idle. */
function shareWithTabs(session, history, side) {
  if (!globalThis.BroadcastChannel) return;
  const channel = new BroadcastChannel("sightdesk");
  const behind = new Set(); // conversations in which another tab was answered while this one was
  const keysOf = ({ turns }) => turns.map(keyOf).join();

  /** `missed`: turns of another tab were kept with ours while nothing could be drawn. */
  async function refresh(id, missed = false) {
    if (id !== session.conversation.id) return;
    if (session.busy) return void behind.add(id);
    missed = history.mend?.(session.conversation) || missed;
    const found = await history.get(id).catch(() => null);
    if (session.busy) return void behind.add(id);
    if (found?.id === session.conversation.id && (missed || keysOf(found) !== keysOf(session.conversation))) session.open(found);
  }

  session.addEventListener("idle", ({ detail: { conversation: { id } } }) => {
    channel.postMessage({ conversation: id });
    if (behind.delete(id)) refresh(id, true);
  });
  session.addEventListener("changed", ({ detail: { conversation, removed } }) => channel.postMessage({ conversation: conversation.id, removed }));
  channel.onmessage = ({ data }) => {
    side.refresh();
    if (!data.removed) refresh(data.conversation);
    else if (data.conversation === session.conversation.id && !session.busy) session.open();
  };
  // A browser's storage may reach the other tabs after the message does.
  if (history.place === "local") addEventListener("storage", () => (side.refresh(), refresh(session.conversation.id)));
}

/** The reason alone: nothing else of the page has words yet, or could do anything. */
function showStartFailure(error) {
  const bare = document.querySelector(".desk");
  bare.hidden = false;
  bare.classList.add("bare");
  document.documentElement.lang = text.locale;
  const again = make("button", { type: "button", className: "retry", textContent: text("retry"), onclick: () => location.reload() });
  document.getElementById("thread").replaceChildren(make("div", { className: "welcome" }, make("p", { textContent: wordsFor(error, text) }), again));
}

function storage(name) {
  try {
    return globalThis[name];
  } catch {
    return { getItem: () => null, setItem: () => { throw new Error("unavailable"); }, removeItem: () => {} };
  }
}

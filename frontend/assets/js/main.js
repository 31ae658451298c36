// The composition root of the page.
import { Desk } from "./api/desk.js";
import { chooseLocale, translator } from "./lib/texts.js";
import { wordsFor } from "./models/failure.js";
import { History } from "./state/history.js";
import { Session } from "./state/session.js";
import { mountChrome, remembered } from "./ui/chrome.js";
import { mountComposer } from "./ui/composer.js";
import { mountSide } from "./ui/side.js";
import { mountThread } from "./ui/thread.js";

const theme = remembered("theme");
if (theme) document.documentElement.dataset.theme = theme;

// The same page at another address: there it can do nothing without a token.
const embedded = location.pathname === "/embed.html";
let locale = remembered("locale") ?? chooseLocale(navigator.languages ?? [navigator.language]);
const text = (key, values) => translator(locale)(key, values);
const desk = new Desk();

if (embedded) {
  document.querySelector(".desk").hidden = true;
  embed();
} else start();

/** What speaks with the host is loaded only where there is one; what the host says meanwhile is kept for it. */
async function embed() {
  const early = [];
  const keep = (event) => early.push(event);
  window.addEventListener("message", keep);
  const { openBridge } = await import("./host/bridge.js");
  window.removeEventListener("message", keep);
  openBridge({ window, desk, begin, fail: showStartFailure, early });
}

async function start() {
  try {
    begin({ config: await desk.config() });
  } catch (error) {
    showStartFailure(error);
  }
}

function begin({ config, locale: wanted, theme, insert = false, shelf = (kept) => kept }) {
  if (wanted) locale = chooseLocale([wanted]);
  document.querySelector(".desk").hidden = false;
  document.getElementById("thread").replaceChildren();
  const history = new History(shelf(storage()));
  const session = new Session(desk, history);
  const previews = new Map();
  const pictureUrl = (file) => previews.get(file.id) ?? `/api/files/${encodeURIComponent(file.id)}/content`;
  const chrome = mountChrome({ session, desk, config, locale, text, speak: (chosen) => (locale = chosen) });
  if (theme) chrome.setTheme(theme);
  mountThread(document.getElementById("thread"), { session, text, insert, limits: config.limits, announcer: document.getElementById("announcer"), pictureUrl });
  const composer = mountComposer(document.getElementById("composer"), { session, desk, config, text, previews });
  mountSide(document.getElementById("side"), { session, history, config, locale, text, ask: composer.ask });
  if (!embedded) composer.focus(); // a frame does not take the focus from its host
  return { session, desk, history, composer, chrome, previews, text };
}

function showStartFailure(error) {
  document.querySelector(".desk").hidden = false;
  const box = document.createElement("div");
  box.className = "welcome";
  const words = Object.assign(document.createElement("p"), { textContent: wordsFor(error, text) });
  const again = Object.assign(document.createElement("button"), { type: "button", className: "retry", textContent: text("retry"), onclick: () => location.reload() });
  box.append(words, again);
  document.getElementById("thread").replaceChildren(box);
}

function storage() {
  try {
    return localStorage;
  } catch {
    return { getItem: () => null, setItem: () => { throw new Error("unavailable"); }, removeItem: () => {} };
  }
}

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
const token = embedded ? new URLSearchParams(location.hash.slice(1)).get("token") ?? "" : "";
const locale = remembered("locale") ?? chooseLocale(navigator.languages ?? [navigator.language]);
const text = translator(locale);
const desk = new Desk({ token });

start();

async function start() {
  let config;
  try {
    config = await desk.config();
  } catch (error) {
    return showStartFailure(error);
  }
  const history = new History(storage());
  const session = new Session(desk, history);
  const previews = new Map();
  const pictureUrl = (file) => previews.get(file.id) ?? `/api/files/${encodeURIComponent(file.id)}/content`;
  mountChrome({ session, desk, config, locale, text });
  mountThread(document.getElementById("thread"), { session, text, limits: config.limits, announcer: document.getElementById("announcer"), pictureUrl });
  const composer = mountComposer(document.getElementById("composer"), { session, desk, config, text, previews });
  mountSide(document.getElementById("side"), { session, history, config, locale, text, ask: composer.ask });
  composer.focus();
}

function showStartFailure(error) {
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

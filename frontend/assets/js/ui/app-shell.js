// The frame around the chat: labels, language, theme, the company's looks, the welcome, the banner,
// the drawer, keyboard shortcuts.
import { engineMessage } from "../models/failure.js";
import { loaded, make, showLogo, template } from "./dom.js";

const ENGINE_POLL_MS = 3000;
const COMMON_OF_A_GROUP = 2; // questions in the welcome; the sidebar has all

/**
 * `looks`: {tellsEngine, isBarless}, whether the engine's notice is shown and whether the host has
 * a title bar in place of ours. Returns {setLocale, setTheme, openMenu, brand}; `brand()`: the
 * company's {name, accent}, null where it has none.
 */
export function mountAppShell({ session, api, config, text, composer, looks }) {
  const drawer = mountDrawer(session);
  mountBanner({ session, api, config, text });
  const { assistant } = config;
  showBrand(assistant);

  const ownName = () => (assistant.is_own ? text.of(assistant.name) : null);
  if (looks.isBarless) {
    document.documentElement.dataset.bar = "host";
    const buttons = document.querySelectorAll("#locale, #theme");
    document.querySelector(".sidebar").append(make("div", { className: "foot" }, ...buttons));
  }

  function label() {
    const name = ownName() ?? "SightDesk";
    document.title = name;
    for (const brand of document.querySelectorAll(".brand strong, h1")) brand.textContent = name;
    labelPage(text);
    const { engine } = config;
    const box = document.getElementById("engine");
    box.hidden = !looks.tellsEngine;
    box.textContent = box.title = engine.notice?.[text.locale] ?? engine.model;
  }

  const setLocale = (locale) => useLocale(text, locale);
  const openHelp = async () => (await loaded(import("./help.js"))).openHelp(text);
  document.getElementById("locale").onclick = () => switchLocale(text);
  document.getElementById("theme").onclick = switchTheme;
  document.getElementById("help").onclick = openHelp;
  document.addEventListener("keydown", (event) => onKey(event, { composer, drawer, openHelp }));
  showSignOut(config.sign_out, { api, text });
  text.follow(label);
  label();
  const brand = () => ({ name: ownName(), accent: assistant.accent });
  return { setLocale, setTheme, openMenu: () => drawer.set(true), brand };
}

/** The button that signs out, for whoever came by single sign-on; `path`: null for the others. */
export async function showSignOut(path, services) {
  if (!path) return;
  const { mountSignOut } = await loaded(import("./sign-out.js"));
  mountSignOut(path, services);
}

/** The company's logo and colour. */
export function showBrand({ logo, accent }) {
  const root = document.documentElement;
  for (const one of document.querySelectorAll(".brand .logo")) showLogo(one, logo, 28);
  if (!accent) return;
  root.dataset.brand = "";
  root.style.setProperty("--brand", accent);
}

/** Writes the texts that elements of `root` name, in the chosen language. */
export function labelElements(root, text) {
  for (const element of root.querySelectorAll("[data-text]")) {
    element.textContent = text(element.dataset.text);
  }
  for (const element of root.querySelectorAll("[data-label]")) {
    element.ariaLabel = text(element.dataset.label);
    if (element.matches("button")) element.title = element.ariaLabel;
  }
}

/** The same for the whole page, its language, and the button that changes it. */
export function labelPage(text) {
  document.documentElement.lang = text.locale;
  labelElements(document, text);
  const language = document.getElementById("locale");
  language.textContent = text("languageName");
  language.ariaLabel = language.title = `${text("languageName")} · ${text("switchLanguage")}`;
}

function useLocale(text, locale) {
  text.use(locale);
  remember("locale", locale);
}

export const switchLocale = (text) => useLocale(text, text.locale === "zh-CN" ? "en" : "zh-CN");

/** "light", "dark", or "auto": as the system has it. */
function setTheme(theme) {
  const root = document.documentElement;
  if (theme === "auto") delete root.dataset.theme;
  else root.dataset.theme = theme;
}

export function switchTheme() {
  const isSystemDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const current = document.documentElement.dataset.theme ?? (isSystemDark ? "dark" : "light");
  const next = current === "dark" ? "light" : "dark";
  setTheme(next);
  remember("theme", next);
}

/**
 * What an empty conversation shows: the company's greeting, its questions to begin with, and on
 * narrow screens, where the sidebar is closed, the common questions.
 * `start(words, picture)` asks one; `picture` is a URL or null.
 */
export function welcome({ assistant, questions, text, start }) {
  const box = template("welcome-template");
  showLogo(box.querySelector(".logo"), assistant.logo, 56);
  box.querySelector("h2").textContent = assistant.is_own
    ? text.of(assistant.greeting)
    : text("welcomeTitle");
  box.querySelector("p").textContent = text("welcomeText");
  const ask = (className, words, picture, ...content) => {
    const onclick = ({ detail }) => detail < 2 && start(words, picture); // not on a double click
    return make("button", { type: "button", className, onclick }, ...content, words);
  };
  const starters = assistant.starters.map(({ text: texts, picture }) => {
    const words = text.of(texts);
    if (!picture) return ask("starter", words, null);
    const sample = make("img", { src: picture, alt: text("sample"), loading: "lazy" });
    return ask("starter sample", words, picture, sample);
  });
  const common = questions.flatMap((group) => group.questions.slice(0, COMMON_OF_A_GROUP));
  const fill = (selector, buttons) => {
    box.querySelector(selector).append(...buttons);
    box.querySelector(selector).hidden = buttons.length === 0;
  };
  fill(".starters", starters);
  fill(
    ".common",
    common.map((one) => ask("chip", text.of(one), null)),
  );
  return box;
}

/** The sidebar as a drawer on narrow screens. Returns {isOpen, isNarrow, set, focusMenu}. */
function mountDrawer(session) {
  const menu = document.getElementById("menu");
  const sidebar = document.getElementById("sidebar");
  const scrim = document.getElementById("scrim");
  const isOpen = () => sidebar.classList.contains("open");

  function set(open) {
    sidebar.classList.toggle("open", open);
    scrim.hidden = !open;
    menu.setAttribute("aria-expanded", String(open));
    if (open) sidebar.querySelector("button").focus();
  }

  const close = () => set(false);
  menu.onclick = () => set(!isOpen());
  scrim.onclick = close;
  session.addEventListener("opened", close);
  session.addEventListener("asked", ({ detail: { conversation } }) => {
    if (session.isShown(conversation)) close();
  });
  document.getElementById("composer").addEventListener("focusin", close);
  return { isOpen, isNarrow: () => Boolean(menu.offsetParent), set, focusMenu: () => menu.focus() };
}

/** Shows the most urgent: no network, the engine's start, or that the fallback answers. */
function mountBanner({ session, api, config, text }) {
  const banner = document.getElementById("banner");
  let engineState = config.engine_state;
  let isDegraded = false; // the last answer came from the fallback
  let isPolling = false;

  function show() {
    const degraded = isDegraded ? text("degraded") : "";
    const online = engineMessage(engineState, text) || degraded;
    const words = navigator.onLine ? online : text("offline");
    banner.hidden = !words;
    banner.textContent = words;
  }

  /** Asks every 3 s until the engine is ready. */
  async function followEngine(state) {
    if (isPolling) return;
    isPolling = true;
    engineState = state;
    while (!engineState.ready) {
      show();
      await new Promise((resolve) => setTimeout(resolve, ENGINE_POLL_MS));
      try {
        engineState = (await api.config()).engine_state;
      } catch {
        // the next request may get through
      }
    }
    isPolling = false;
    show();
  }

  session.addEventListener("progress", ({ detail: { turn, conversation } }) => {
    if (!turn.degraded || isDegraded || !session.isShown(conversation)) return;
    isDegraded = true;
    show();
  });
  session.addEventListener("answered", ({ detail: { turn } }) => {
    isDegraded = Boolean(turn.degraded);
    show();
  });
  session.addEventListener("failed", ({ detail: { error } }) => {
    if (error.engine) followEngine(error.engine);
  });
  for (const type of ["online", "offline"]) addEventListener(type, show);
  text.follow(show);
  show();
  followEngine(config.engine_state);
}

function onKey(event, { composer, drawer, openHelp }) {
  if (event.isComposing || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape") {
    if (!drawer.isOpen()) return composer.stop();
    drawer.set(false);
    return drawer.focusMenu();
  }
  const act = shortcutOf(event, { composer, drawer, openHelp });
  if (!act) return;
  event.preventDefault();
  act();
}

/** What a key does; undefined for none. While one types, only keys with Ctrl or Alt count. */
function shortcutOf(event, { composer, drawer, openHelp }) {
  const control = event.ctrlKey || event.metaKey;
  const key = event.key.toLowerCase();
  if (event.altKey) {
    // By the key's place: with Alt, a Mac types another character.
    const byPlace = { KeyN: clickNewConversation, KeyU: composer.pick };
    return control ? undefined : byPlace[event.code];
  }
  if (control) return key === "k" ? () => focusSearch(drawer) : undefined;
  if (event.target.matches?.("input, textarea, select")) return undefined;
  return { "/": composer.focus, "?": openHelp }[key];
}

function clickNewConversation() {
  document.getElementById("new-conversation").click();
}

function focusSearch(drawer) {
  if (drawer.isNarrow()) drawer.set(true);
  document.getElementById("search").focus();
}

/** A choice that is kept in this browser, or null. */
export function remembered(name) {
  try {
    return localStorage.getItem(`sightdesk.${name}`);
  } catch {
    return null;
  }
}

export function remember(name, value) {
  try {
    localStorage.setItem(`sightdesk.${name}`, value);
  } catch {
    // without storage the choice lasts until the reload
  }
}

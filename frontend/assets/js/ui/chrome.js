// What frames the chat: words in the markup, language, theme, the engine's notice and start, the drawer, the keyboard.
import { wordsForEngine } from "../models/failure.js";

const ENGINE_POLL_MS = 3000;

export function mountChrome({ session, desk, config, text, composer }) {
  const root = document.documentElement;
  const language = document.getElementById("locale");
  const menu = document.getElementById("menu");
  const side = document.getElementById("side");
  const scrim = document.getElementById("scrim");
  const banner = document.getElementById("banner");
  const openHelp = async () => (await import("./help.js")).openHelp(text);

  function label() {
    root.lang = text.locale;
    for (const element of document.querySelectorAll("[data-text]")) element.textContent = text(element.dataset.text);
    for (const element of document.querySelectorAll("[data-label]")) {
      element.ariaLabel = text(element.dataset.label);
      if (element.matches("button")) element.title = element.ariaLabel;
    }
    language.textContent = text("languageName");
    language.ariaLabel = language.title = `${text("languageName")} · ${text("switchLanguage")}`;
    const { engine } = config;
    const box = document.getElementById("engine");
    box.textContent = box.title = engine.notice?.[text.locale] ?? engine.model;
    sayEngine();
  }

  function setLocale(locale) {
    text.use(locale);
    remember("locale", locale);
  }

  /** "light", "dark", or "auto": as the system has it. */
  function setTheme(theme) {
    if (theme === "auto") delete root.dataset.theme;
    else root.dataset.theme = theme;
  }

  function setDrawer(open) {
    side.classList.toggle("open", open);
    scrim.hidden = !open;
    menu.setAttribute("aria-expanded", String(open));
    if (open) side.querySelector("button").focus();
  }

  // What the banner says, most urgent first: no network, the engine's start, an answer of the fallback.
  let engineState = config.engine_state;
  let degraded = false;
  function sayEngine() {
    const words = !navigator.onLine ? text("offline") : wordsForEngine(engineState, text) || (degraded ? text("degraded") : "");
    banner.hidden = !words;
    banner.textContent = words;
  }

  let following = false;
  async function followEngine(state) {
    if (following) return;
    following = true;
    for (engineState = state; !engineState.ready; ) {
      sayEngine();
      await new Promise((resolve) => setTimeout(resolve, ENGINE_POLL_MS));
      try {
        engineState = (await desk.config()).engine_state;
      } catch { /* the next look will tell */ }
    }
    following = false;
    sayEngine();
  }

  function key(event) {
    const typing = event.target.matches?.("input, textarea, select");
    const modal = document.querySelector("dialog[open]");
    if (event.isComposing || modal) return;
    const control = event.ctrlKey || event.metaKey;
    const is = (wanted, held = false) => event.key.toLowerCase() === wanted && !event.altKey && control === held;
    // By the key's place: with Alt, a Mac types another character.
    const withAlt = (code) => event.code === code && event.altKey && !control;
    if (event.key === "Escape") {
      if (side.classList.contains("open")) {
        setDrawer(false);
        menu.focus();
      } else composer.stop();
      return;
    }
    const act =
      is("k", true) ? () => { if (menu.offsetParent) setDrawer(true); document.getElementById("search").focus(); }
      : withAlt("KeyN") ? () => document.getElementById("new-conversation").click()
      : withAlt("KeyU") ? composer.pick
      : typing ? null
      : is("/") ? composer.focus
      : event.key === "?" ? openHelp
      : null;
    if (!act) return;
    event.preventDefault();
    act();
  }

  language.onclick = () => setLocale(text.locale === "zh-CN" ? "en" : "zh-CN");
  document.getElementById("theme").onclick = () => {
    const dark = root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    const next = dark === "dark" ? "light" : "dark";
    setTheme(next);
    remember("theme", next);
  };
  document.getElementById("help").onclick = openHelp;
  menu.onclick = () => setDrawer(!side.classList.contains("open"));
  scrim.onclick = () => setDrawer(false);
  document.addEventListener("keydown", key);
  for (const type of ["online", "offline"]) addEventListener(type, sayEngine);
  session.addEventListener("progress", ({ detail }) => {
    if (!detail.turn.degraded || degraded || !session.isShown(detail.conversation)) return;
    degraded = true;
    sayEngine();
  });
  session.addEventListener("answered", ({ detail }) => {
    degraded = Boolean(detail.turn.degraded);
    sayEngine();
  });
  session.addEventListener("failed", ({ detail }) => detail.error.engine && followEngine(detail.error.engine));
  session.addEventListener("opened", () => setDrawer(false));
  session.addEventListener("asked", ({ detail }) => session.isShown(detail.conversation) && setDrawer(false));
  document.getElementById("composer").addEventListener("focusin", () => setDrawer(false));
  text.follow(label);
  label();
  followEngine(config.engine_state);
  return { setLocale, setTheme };
}

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
  } catch { /* the choice lasts until the reload */ }
}

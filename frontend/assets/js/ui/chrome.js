// What frames the chat: words in the markup, language, theme, the engine's notice and start, the drawer.
import { wordsForEngine } from "../models/engine.js";

const ENGINE_POLL_MS = 3000;

export function mountChrome({ session, desk, config, locale, text, speak }) {
  document.documentElement.lang = locale;
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = text(element.dataset.text);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", text(element.dataset.label));

  const { engine } = config;
  document.getElementById("engine").textContent = engine.notice?.[locale] ?? engine.model;

  const language = document.getElementById("locale");
  language.textContent = text("languageName");
  language.onclick = () => {
    remember("locale", locale === "zh-CN" ? "en" : "zh-CN");
    location.reload();
  };

  document.getElementById("theme").onclick = () => {
    const dark = document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    const next = dark === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    remember("theme", next);
  };

  const side = document.getElementById("side");
  const menu = document.getElementById("menu");
  menu.onclick = () => menu.setAttribute("aria-expanded", String(side.classList.toggle("open")));
  document.querySelector(".chat").addEventListener("click", (event) => {
    if (!menu.contains(event.target)) side.classList.remove("open");
  });

  const banner = document.getElementById("banner");
  const say = (words) => {
    banner.hidden = !words;
    banner.textContent = words;
  };
  const controls = {
    setLocale(chosen) {
      speak(chosen);
      document.documentElement.lang = chosen;
      for (const element of document.querySelectorAll("[data-text]")) element.textContent = text(element.dataset.text);
      for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", text(element.dataset.label));
    },
    setTheme(theme) {
      if (theme === "auto") delete document.documentElement.dataset.theme;
      else document.documentElement.dataset.theme = theme;
    },
  };
  followEngine(desk, config.engine_state, (state) => say(wordsForEngine(state, text)));
  session.addEventListener("progress", (event) => event.detail.turn.degraded && say(text("degraded")));
  session.addEventListener("answered", (event) => !event.detail.degraded && say(""));
  return controls;
}

// Shows how far the engine's start is until it answers.
async function followEngine(desk, state, show) {
  while (!state.ready) {
    show(state);
    await new Promise((resolve) => setTimeout(resolve, ENGINE_POLL_MS));
    try {
      state = (await desk.config()).engine_state;
    } catch { /* the next look will tell */ }
  }
  show(state);
}

export function remembered(name) {
  try {
    return localStorage.getItem(`sightdesk.${name}`);
  } catch {
    return null;
  }
}

function remember(name, value) {
  try {
    localStorage.setItem(`sightdesk.${name}`, value);
  } catch { /* the choice lasts until the reload */ }
}

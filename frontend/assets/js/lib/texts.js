// Every text of the page, in both languages, and how sizes are written.
import { en } from "./texts/en.js";
import { zhCN } from "./texts/zh-CN.js";

/** {locale: {key: text}}. A test holds that every locale has the same keys. */
export const TEXTS = { "zh-CN": zhCN, en };

export const LOCALES = Object.keys(TEXTS);

const languageOf = (locale) => locale?.toLowerCase().split("-")[0];

/** Adds texts, {locale: {key: text}}, of a module that is loaded later. */
export function addTexts(more) {
  for (const locale of LOCALES) Object.assign(TEXTS[locale], more[locale]);
}

/** The first of the wanted languages that there are texts for, else Chinese. */
export function chooseLocale(wanted) {
  const known = wanted
    .map((one) => LOCALES.find((locale) => languageOf(locale) === languageOf(one)))
    .find(Boolean);
  return known ?? LOCALES[0];
}

/**
 * A function from a key and values to a text: `text("tooMany", { count: 8 })`. `text.of(texts)`
 * chooses from the server's texts by locale or language. `text.use(locale)` changes the language
 * and calls every listener that was given to `text.follow`. `isTouch`: of the text `placeholder`,
 * `placeholder_touch` is used where there is one.
 */
export function translator(locale, { isTouch = false } = {}) {
  const listeners = [];
  const wordsOf = (key) => {
    const words = TEXTS[text.locale];
    return (isTouch && words[`${key}_touch`]) || (words[key] ?? key);
  };
  const text = (key, values = {}) =>
    wordsOf(key).replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
  text.locale = locale;
  text.of = (texts) =>
    texts?.[text.locale] ?? texts?.[languageOf(text.locale)] ?? Object.values(texts ?? {})[0] ?? "";
  text.follow = (listener) => void listeners.push(listener);
  text.use = (chosen) => {
    text.locale = chosen;
    for (const listener of listeners) listener();
  };
  return text;
}

export function readableSize(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

// Reads a part of a view again when something has happened at the desk.
import { throttled } from "../lib/throttled.js";
import { button } from "./report-parts.js";

/**
 * `renew()` reads what `element` shows once more; `isNews(event)` says whether an event may change
 * it. While a person works in the element nothing is replaced: a button above it tells that there
 * is something new. `gap`: milliseconds between two readings at least. Returns {stop}.
 */
export function followLive({ live, text }, element, renew, { isNews = () => true, gap }) {
  const note = button(text("newsWaiting"), () => read(), "quiet news");
  note.hidden = true;
  element.before(note);
  let isStopped = false;
  let hasMissed = live.isOn; // the first stream of a page misses nothing

  async function read() {
    note.hidden = true;
    await renew();
  }

  const wish = throttled(async () => {
    if (isStopped) return;
    if (isInUse(element)) note.hidden = false;
    else await read();
  }, gap);

  function onNews({ detail }) {
    if (isNews(detail)) wish();
  }

  function onOpened() {
    if (hasMissed) wish();
    hasMissed = true;
  }

  live.addEventListener("news", onNews);
  live.addEventListener("opened", onOpened);

  function stop() {
    isStopped = true;
    live.removeEventListener("news", onNews);
    live.removeEventListener("opened", onOpened);
    note.remove();
  }

  return { stop };
}

/** Whether a person writes, reads a part that was opened, or has more than the first page. */
function isInUse(element) {
  const focused = document.activeElement;
  const isFocused = focused !== element && element.contains(focused);
  return isFocused || element.querySelector(".editor, details[open], .has-more-pages") !== null;
}

// Times that tick. None of them stands in a live region: a screen reader reads them on demand.
import { shortTime, timeOfDay } from "../lib/times.js";
import { spanOf } from "../models/handoffs.js";

const TICK_MS = 1000;

/** Shows in `element` how long ago `seconds` (since 1970) was. A tick of `startClock` renews it. */
export function showSince(element, seconds, { api, text }) {
  element.dataset.since = seconds ?? "";
  const span = seconds ? spanOf(api.now() / 1000 - seconds) : null;
  const words = span ? text(span.key, span.values) : "";
  if (element.textContent !== words) element.textContent = words;
}

/** Renews the times in `root` every second. Returns a function that stops it. */
export function startClock(root, services) {
  const tick = () => {
    for (const element of root.querySelectorAll("[data-since]")) {
      showSince(element, Number(element.dataset.since), services);
    }
  };
  const timer = setInterval(tick, TICK_MS);
  return () => clearInterval(timer);
}

/** The time of day, with the date where it was not today. `seconds` since 1970. */
export function timeText(seconds, { api, text }) {
  const isToday = new Date(1000 * seconds).toDateString() === new Date(api.now()).toDateString();
  return isToday ? timeOfDay(seconds) : shortTime(seconds, text.locale, api.now());
}

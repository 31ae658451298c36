// Times as people read them, in the page's language: one form on every view.

/** "14:05". `seconds`: Unix. */
export function timeOfDay(seconds) {
  const moment = new Date(1000 * seconds);
  return [moment.getHours(), moment.getMinutes()].map(two).join(":");
}

/** `seconds`: Unix. "11月30日 14:05" or "30 Nov, 14:05"; with the year where it is another one. */
export function shortTime(seconds, locale, now = Date.now()) {
  const moment = new Date(1000 * seconds);
  const isThisYear = moment.getFullYear() === new Date(now).getFullYear();
  const day = dayText(moment, locale, !isThisYear);
  return `${day}${locale === "en" ? "," : ""} ${timeOfDay(seconds)}`;
}

/** `date`: "2026-11-30". "11月30日" or "30 Nov"; with the year where it is another one. */
export function shortDate(date, locale, now = Date.now()) {
  const [year, month, day] = date.split("-").map(Number);
  const isThisYear = year === new Date(now).getFullYear();
  return dayText(new Date(year, month - 1, day), locale, !isThisYear);
}

function dayText(moment, locale, hasYear) {
  const parts = { ...(hasYear && { year: "numeric" }), month: "short", day: "numeric" };
  return new Intl.DateTimeFormat(locale === "en" ? "en-GB" : locale, parts).format(moment);
}

/** The day of a moment here, as "2026-11-30". */
export function dateOf(milliseconds) {
  const moment = new Date(milliseconds);
  return [moment.getFullYear(), moment.getMonth() + 1, moment.getDate()].map(two).join("-");
}

const two = (number) => String(number).padStart(2, "0");

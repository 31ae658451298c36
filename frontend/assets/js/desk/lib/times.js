// Times as people read them, in the page's language.

/** `seconds`: Unix. "11月30日 14:05" or "30 Nov, 14:05"; with the year where it is another one. */
export function shortTime(seconds, locale, now = Date.now()) {
  const moment = new Date(1000 * seconds);
  const isThisYear = moment.getFullYear() === new Date(now).getFullYear();
  return new Intl.DateTimeFormat(locale === "en" ? "en-GB" : locale, {
    ...(!isThisYear && { year: "numeric" }),
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  }).format(moment);
}

/** `date`: "2026-11-30". "11/30" or "30 Nov". */
export function shortDate(date, locale) {
  const [year, month, day] = date.split("-").map(Number);
  if (locale !== "en") return `${month}/${day}`;
  const moment = new Date(year, month - 1, day);
  return new Intl.DateTimeFormat("en-GB", { month: "short", day: "numeric" }).format(moment);
}

/** The day of a moment here, as "2026-11-30". */
export function dateOf(milliseconds) {
  const moment = new Date(milliseconds);
  const parts = [moment.getFullYear(), moment.getMonth() + 1, moment.getDate()];
  return parts.map((part) => String(part).padStart(2, "0")).join("-");
}

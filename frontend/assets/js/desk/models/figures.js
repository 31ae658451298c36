// The figures of a period as tiles, tables and charts want them (docs/records.md has the formulas).
import { dateOf, shortDate } from "../lib/times.js";

export const PRESETS = [7, 30, 90]; // days
const DAY_MS = 86_400_000;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const FORMATS = ["jsonl", "csv", "openai", "sharegpt"];

/** {from, to}: days that the address names, else the last 30. */
export function periodOf(query, now = Date.now()) {
  const { from = "", to = "" } = query;
  if (DATE.test(from) && DATE.test(to) && from <= to) return { from, to };
  return lastDays(30, now);
}

/** The last so many days, today included. */
export function lastDays(days, now = Date.now()) {
  return { from: dateOf(now - (days - 1) * DAY_MS), to: dateOf(now) };
}

/** [{format, path}] of the exports; `pathOf` writes an address. */
export function exportsOf(period, zone, pathOf) {
  return FORMATS.map((format) => ({ format, path: pathOf("export", { format, ...period, zone }) }));
}

/**
 * The tiles: [{key, value, notes: [{key, value}]}]. Values are texts; `write` is {number, time},
 * which write a number and milliseconds.
 */
export function tilesOf(stats, write) {
  const { resolution, ratings, handoffs, tokens, without_clause: without } = stats;
  const n = write.number;
  const tile = (key, value, notes = []) => ({ key, value, notes });
  const note = (key, value) => ({ key, value: n(value) });
  const times = (key, told) =>
    tile(
      key,
      write.time(told.p50),
      told.count ? [{ key: "p95", value: write.time(told.p95) }] : [],
    );
  return [
    tile("questions", n(stats.questions), [note("conversations", stats.conversations)]),
    tile("resolved", n(resolution.resolved), [
      note("confirmed", resolution.confirmed),
      note("assumed", resolution.assumed),
    ]),
    tile("hours_saved", n(resolution.hours_saved)),
    tile("ratings", `${n(ratings.up)} / ${n(ratings.down)}`),
    tile("handoffs", n(handoffs.requested), [note("missed", handoffs.missed)]),
    tile("without_clause", n(without.questions)),
    tile("ungrounded", n(stats.ungrounded)),
    tile("degraded", n(stats.degraded)),
    times("first_token", stats.first_token_ms),
    times("answer", stats.answer_ms),
    tile("tokens", n(tokens.prompt + tokens.completion)),
    tile("staff_messages", n(stats.staff_messages)),
  ];
}

/** "40 s (1.2 min)": the median, and the percentile `high`. */
export function middleAndHigh(times, high, write) {
  return times.count ? `${write(times.p50)} (${write(times[high])})` : write(null);
}

/**
 * A time as [key of its text, number]: below a second in milliseconds, below a minute in seconds,
 * below an hour in minutes. Null for no time.
 */
export function timeParts(milliseconds) {
  if (milliseconds === null || milliseconds === undefined) return null;
  if (milliseconds < 1000) return ["milliseconds_s", Math.round(milliseconds)];
  const seconds = milliseconds / 1000;
  if (seconds < 60) return ["seconds_s", rounded(seconds)];
  if (seconds < 3600) return ["minutes_s", rounded(seconds / 60)];
  return ["hours_s", rounded(seconds / 3600)];
}

const rounded = (value) => (value < 10 ? Math.round(10 * value) / 10 : Math.round(value));

/** A chart by day: {labels, series: [{key, values}]}. `keys`: of the entries of `by_day`. */
export function byDay({ by_day: days }, keys, locale) {
  return {
    labels: days.map(({ date }) => shortDate(date, locale)),
    series: keys.map((key) => ({ key, values: days.map((day) => valueOf(day, key)) })),
  };
}

/** A chart by hour of the day. */
export function byHour({ by_hour: hours }, keys) {
  return {
    labels: hours.map(({ hour }) => `${hour}:00`),
    series: keys.map((key) => ({ key, values: hours.map((one) => one[key]) })),
  };
}

const valueOf = (day, key) =>
  key === "without_clause" ? day.outcomes.no_clause : (day[key] ?? day.tokens?.[key] ?? 0);

/** Whether a chart has anything to show. */
export function hasValues({ series }) {
  return series.some(({ values }) => values.some(Boolean));
}

/** Counts with their shares: [{name, count, share}], as they come. */
export function sharesOf(counts) {
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  return counts.map((one) => ({ ...one, share: total ? one.count / total : 0 }));
}

/** The subjects with most questions, the others together, and those without one. */
export function subjectsOf(stats, most = 12) {
  const named = stats.subjects.slice(0, most);
  const left = stats.subjects.slice(most).reduce((sum, { questions }) => sum + questions, 0);
  const rest = [
    { key: "otherSubjects", count: left + stats.other_subjects },
    { key: "withoutSubject", count: stats.without_subject },
  ];
  return sharesOf([
    ...named.map(({ kind, subject, questions }) => ({ kind, name: subject, count: questions })),
    ...rest.filter(({ count }) => count > 0),
  ]);
}

// The figures that are told as tables.
import { make } from "../../ui/dom.js";
import { middleAndHigh, sharesOf, subjectsOf } from "../models/figures.js";
import { named, shareBar } from "./figure-parts.js";
import { section, table } from "./report-parts.js";

/** `write`: {number, time}. Returns the sections, those of few columns side by side. */
export function figureTables(stats, write, text) {
  const pairs = [
    [resolution(stats, write, text), outcomes(stats, write, text)],
    [times(stats, write, text), reasons(stats, write, text)],
  ];
  const rows = pairs.map((pair) => make("div", { className: "side-by-side" }, ...pair));
  return [
    ...rows,
    subjects(stats, write, text),
    handoffs(stats, write, text),
    actions(stats, write, text),
  ];
}

/** A section whose title tells its formula. */
function figureSection(key, text, ...children) {
  const made = section("", null, ...children);
  made.querySelector("h2").append(named(key, text));
  return made;
}

function nothing(text) {
  return make("p", { className: "hint", textContent: text("nothingCounted") });
}

function resolution({ resolution: told }, write, text) {
  const keys = ["thumbs_up", "solved", "confirmed", "assumed", "pending", "resolved"];
  const rows = keys.map((key) => [named(key, text), write.number(told[key])]);
  const saved = named("hours_saved", text, { minutes: told.minutes_saved });
  rows.push([saved, write.number(told.hours_saved)]);
  const columns = [{ words: text("figureColumn") }, countColumn(text)];
  return figureSection("resolution", text, table(text("figure_resolution"), columns, rows));
}

function outcomes({ outcomes: told }, write, text) {
  const counts = Object.entries(told).map(([name, count]) => ({ name, count }));
  const rows = sharesOf(counts).map(({ name, count, share }) => [
    text(`outcome_${name}`),
    write.number(count),
    shareBar(share),
  ]);
  const columns = [{ words: text("outcomeColumn") }, countColumn(text), { words: text("share") }];
  return figureSection("outcomes", text, table(text("figure_outcomes"), columns, rows));
}

function times(stats, write, text) {
  const columns = [
    { words: text("figureColumn") },
    { words: text("meanColumn"), number: true },
    ...["P50", "P90", "P95", "P99"].map((words) => ({ words, number: true })),
  ];
  const row = (key, told) => [
    named(key, text),
    ...["mean", "p50", "p90", "p95", "p99"].map((name) => write.time(told[name])),
  ];
  const rows = [row("first_token", stats.first_token_ms), row("answer", stats.answer_ms)];
  return figureSection("times", text, table(text("figure_times"), columns, rows));
}

function reasons({ ratings }, write, text) {
  if (!ratings.reasons.length) return figureSection("reasons", text, nothing(text));
  const columns = [
    { words: text("reasonColumn") },
    { words: text("figure_ratings") },
    countColumn(text),
  ];
  const rows = ratings.reasons.map(({ rating, reason, count }) => [
    reason,
    text(`figure_${rating}`),
    write.number(count),
  ]);
  return figureSection("reasons", text, table(text("figure_reasons"), columns, rows));
}

function subjects(stats, write, text) {
  const told = subjectsOf(stats);
  const nameOf = { tool: titleOf(stats, text), reading: (name) => readingName(name, text) };
  if (!told.length) return figureSection("subjects", text, nothing(text));
  const columns = [
    { words: text("subjectColumn") },
    { words: text("kindColumn") },
    countColumn(text),
    { words: text("share") },
  ];
  const rows = told.map(({ key, kind, name, count, share }) => [
    key ? text(key) : (nameOf[kind]?.(name) ?? name),
    kind ? text(`subject_${kind}`) : "",
    write.number(count),
    shareBar(share),
  ]);
  return figureSection("subjects", text, table(text("figure_subjects"), columns, rows));
}

const READ_KINDS = new Set([
  "waybill",
  "invoice",
  "receipt",
  "payment",
  "order",
  "error",
  "chat",
  "contract",
  "other",
]);

const readingName = (name, text) => (READ_KINDS.has(name) ? text(`kind_${name}`) : name);

/** A tool by its title; by its name where its connector is gone. */
function titleOf({ tool_titles: titles = {} }, text) {
  return (name) => text.of(titles[name]) || name;
}

function handoffs({ handoffs: told }, write, text) {
  if (!told.requested) return figureSection("handoffs", text, nothing(text));
  const counts = ["requested", "claimed", "missed", "closed", "solved", "unsolved"];
  const valueOf = (one, key) => write.number(one[key === "closed" ? "resolved" : key]);
  const time = (one) =>
    middleAndHigh(one, "p90", (seconds) => write.time(seconds === null ? null : 1000 * seconds));
  const row = (words, one) => [
    words,
    ...counts.map((key) => valueOf(one, key)),
    time(one.waiting_s),
    time(one.handling_s),
  ];
  const columns = [
    { words: text("reasonColumn") },
    ...[...counts, "waiting", "handling"].map((key) => ({ words: named(key, text), number: true })),
  ];
  const rows = told.by_reason.map((one) => row(text(`asked_${one.reason}`), one));
  rows.push(row(text("total"), told));
  return figureSection("handoffs", text, table(text("figure_handoffs"), columns, rows));
}

function actions(stats, write, text) {
  const { actions: told } = stats;
  if (!told.proposed) return figureSection("actions", text, nothing(text));
  const statuses = Object.keys(told.by_status);
  const columns = [
    { words: text("connectorColumn") },
    ...statuses.map((status) => ({ words: text(`status_${status}`), number: true })),
    { words: text("total"), number: true },
  ];
  const row = (words, one) => [
    words,
    ...statuses.map((status) => write.number(one.by_status[status] ?? 0)),
    write.number(one.proposed),
  ];
  const title = titleOf(stats, text);
  const rows = told.by_connector.map((one) => row(title(one.connector), one));
  rows.push(row(text("total"), told));
  return figureSection("actions", text, table(text("figure_actions"), columns, rows));
}

const countColumn = (text) => ({ words: text("countColumn"), number: true });

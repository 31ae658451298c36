// The view "figures": the statistics of a period, as tiles, charts and tables.
import { addTexts } from "../../lib/texts.js";
import { make } from "../../ui/dom.js";
import { pathOf } from "../lib/addresses.js";
import { figuresTexts } from "../lib/texts/figures.js";
import { dateOf } from "../lib/times.js";
import { byDay, byHour, exportsOf, periodOf, tilesOf, timeParts } from "../models/figures.js";
import { chartSection } from "./chart.js";
import { followLive } from "./follow-live.js";
import { tile } from "./figure-parts.js";
import { figureTables } from "./figure-tables.js";
import { exportLinks, periodForm } from "./period.js";
import { fill, section, viewHead } from "./report-parts.js";

const GAP_MS = 30_000; // all figures are counted anew
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/**
 * Shows the view in `element`, as the route says. `services`: {api, text, live, me, counts, config,
 * announcer}. Returns {update, unmount}: `update(route)` follows a change of parts or query.
 */
export function mount(element, services, route) {
  const { api, text } = services;
  addTexts(figuresTexts);
  const write = writers(text);
  const head = make("div");
  const content = make("div", { className: "report-body" });
  let charts = [];
  let period = null;
  let loading = { stop() {}, renew() {} };

  function forget() {
    for (const chart of charts) chart.destroy();
    charts = [];
  }

  function show(stats) {
    forget();
    const chart = (data, options) => {
      const made = chartSection(data, options, text);
      charts.push(made);
      return made.element;
    };
    return [
      glance(stats, write, text),
      ...chartsOf(stats, chart, write, text),
      ...figureTables(stats, write, text),
      section(text("exportTitle"), null, exportsOfPeriod()),
    ];
  }

  function exportsOfPeriod() {
    const query = { format: "openai", ...period, zone };
    const readCard = () => api.read("export/card", query);
    return exportLinks(exportsOf(period, zone, pathOf), readCard, text);
  }

  function update({ query }) {
    const wanted = periodOf(query);
    if (period && period.from === wanted.from && period.to === wanted.to) return;
    period = wanted;
    loading.stop();
    head.replaceChildren(periodForm(period, text));
    loading = fill(content, () => api.read("stats", { ...period, zone }), show, text);
  }

  element.replaceChildren(
    make("div", { className: "report" }, viewHead(text("view_figures"), head), content),
  );
  update(route);
  const isNews = () => period.to >= dateOf(api.now()); // what is over is the same as before
  const following = followLive(services, content, () => loading.renew(), { isNews, gap: GAP_MS });
  return { update, unmount: () => (following.stop(), loading.stop(), forget()) };
}

function writers(text) {
  const numbers = new Intl.NumberFormat(text.locale);
  const number = (value) => numbers.format(value);
  const time = (milliseconds) => {
    const parts = timeParts(milliseconds);
    return parts ? text(parts[0], { n: number(parts[1]) }) : text("noTime");
  };
  return { number, time };
}

function glance(stats, write, text) {
  const values = { minutes: stats.resolution.minutes_saved };
  const tiles = tilesOf(stats, write).map((one) => tile(one, text, values));
  return section(text("atAGlance"), null, make("dl", { className: "tiles" }, ...tiles));
}

function chartsOf(stats, chart, write, text) {
  const days = { first: text("day"), kind: "lines", write: write.number };
  const main = ["questions", "without_clause", "handoffs"];
  const byRating = chart(byDay(stats, ["up", "down"], text.locale), {
    ...days,
    title: text("ratingsPerDay"),
  });
  const atHours = chart(byHour(stats, ["questions"]), {
    title: text("perHour"),
    first: text("hour"),
    kind: "bars",
    write: write.number,
  });
  const tokens = ["prompt", "completion"];
  return [
    chart(byDay(stats, main, text.locale), { ...days, title: text("perDay") }),
    make("div", { className: "side-by-side" }, atHours, byRating),
    chart(byDay(stats, tokens, text.locale), { ...days, title: text("tokensPerDay") }),
  ];
}

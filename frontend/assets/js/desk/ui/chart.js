// A chart with its legend, and the same figures as a table.
import { loaded, make } from "../../ui/dom.js";
import { hasValues } from "../models/figures.js";
import { named } from "./figure-parts.js";
import { section, table } from "./report-parts.js";

/**
 * `data`: {labels, series: [{key, values}]}. `options`: {title, first: heading of the labels, kind,
 * write}. Returns {element, destroy}.
 */
export function chartSection(data, options, text) {
  const { title, first, kind, write } = options;
  if (!hasValues(data)) {
    const none = make("p", { className: "hint", textContent: text("nothingCounted") });
    return { element: section(title, null, none), destroy() {} };
  }
  const at = make("span", { className: "legend-at", textContent: text("total") });
  const rows = data.series.map(({ key, values }, place) => legendItem(key, values, place, text));
  const legend = make("ul", { className: "legend" }, ...rows.map(({ item }) => item));
  const canvas = make("div", { className: "plot", role: "img" });
  canvas.ariaLabel = text("chartWords", {
    title,
    from: data.labels[0],
    to: data.labels.at(-1),
    series: rows
      .map(({ total }, place) =>
        text("seriesTotal", { name: nameOf(data.series[place].key, text), total: write(total) }),
      )
      .join(text("listComma")),
  });

  function point(place) {
    at.textContent = place === null ? text("total") : data.labels[place];
    rows.forEach(({ value, total }, number) => {
      value.textContent = write(place === null ? total : data.series[number].values[place]);
    });
  }

  const summary = make("summary", { textContent: text("asTable") });
  const details = make("details", { className: "as-table" }, summary);
  details.ontoggle = () => {
    if (details.open && !details.querySelector("table")) {
      details.append(tableOf(data, title, first, write, text));
    }
  };
  const head = make("div", { className: "legend-row" }, at, legend);
  point(null);
  const series = data.series.map(({ values }, place) => ({
    values,
    swatch: rows[place].swatch,
    isDashed: place % 2 === 1,
  }));
  const drawing = draw(canvas, { labels: data.labels, series, kind, write }, point);
  return { element: section(title, null, head, canvas, details), destroy: drawing.destroy };
}

/** uPlot is fetched with the first chart. */
function draw(canvas, data, point) {
  let drawn = null;
  let isOver = false;
  loaded(import("../render/plot.js")).then(({ plot }) => {
    if (!isOver) drawn = plot(canvas, data, point);
  });
  return {
    destroy() {
      isOver = true;
      drawn?.destroy();
    },
  };
}

function legendItem(key, values, place, text) {
  const total = values.reduce((sum, one) => sum + one, 0);
  const swatch = make("i", { className: `swatch tone-${place + 1}` });
  const value = make("strong", { ariaHidden: "true" });
  const item = make("li", {}, swatch, named(key, text), value);
  return { item, swatch, value, total };
}

function tableOf({ labels, series }, title, first, write, text) {
  const columns = [
    { words: first },
    ...series.map(({ key }) => ({ words: nameOf(key, text), number: true })),
  ];
  const rows = labels.map((label, place) => [
    label,
    ...series.map(({ values }) => write(values[place])),
  ]);
  return table(title, columns, rows);
}

const nameOf = (key, text) => text(`figure_${key}`);

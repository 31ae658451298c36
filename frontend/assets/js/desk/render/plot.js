// Charts by uPlot. Colours are those of the legend's swatches, so they follow the theme.
import UPlot from "../../../vendor/uplot-1.6.32/uPlot.esm.js";

const HEIGHT = 220; // pixels
const STEPS = [...Array(10).keys()].flatMap((power) => [1, 2, 5].map((one) => one * 10 ** power));
const MAX_POINTS = 31; // beyond, a line without dots

/**
 * Draws `series` [{values, swatch, isDashed}] over `labels` in `element`. `kind`: lines or bars.
 * `onPoint(place)` tells what the pointer is over; null where it has left. Returns {destroy}.
 */
export function plot(element, { labels, series, kind, write }, onPoint) {
  let chart = null;

  function draw() {
    chart?.destroy();
    chart = new UPlot(
      optionsOf(element, { labels, series, kind, write }, onPoint),
      [labels.map((_, place) => place), ...series.map(({ values }) => values)],
      element,
    );
  }

  const size = new ResizeObserver(() => {
    const width = element.clientWidth;
    if (width && width !== chart.width) chart.setSize({ width, height: HEIGHT });
  });
  const theme = new MutationObserver(draw);
  const system = matchMedia("(prefers-color-scheme: dark)");
  draw();
  size.observe(element);
  theme.observe(document.documentElement, { attributeFilter: ["data-theme", "data-brand"] });
  system.addEventListener("change", draw);
  return {
    destroy() {
      size.disconnect();
      theme.disconnect();
      system.removeEventListener("change", draw);
      chart.destroy();
    },
  };
}

function optionsOf(element, { labels, series, kind, write }, onPoint) {
  const look = getComputedStyle(element);
  const font = `12px ${look.fontFamily}`;
  const axis = {
    stroke: look.color,
    font,
    grid: { stroke: look.borderTopColor, width: 1 },
    ticks: { show: false },
  };
  return {
    width: element.clientWidth || 600,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: {
      x: { time: false, range: (_, low, high) => [low - 0.5, high + 0.5] },
      y: { range: (_, low, high) => [0, Math.max(4, 1.08 * high)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        incrs: STEPS,
        size: 30,
        values: (_, places) => places.map((place) => labels[place] ?? ""),
      },
      { ...axis, incrs: STEPS, size: 52, values: (_, values) => values.map(write) },
    ],
    series: [{}, ...series.map((one) => seriesOf(one, kind, labels.length))],
    hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? null)] },
  };
}

function seriesOf({ swatch, isDashed }, kind, count) {
  const stroke = getComputedStyle(swatch).color;
  if (kind === "bars") {
    const paths = UPlot.paths.bars({ size: [0.6, 28] });
    return { stroke, fill: stroke, width: 0, paths, points: { show: false } };
  }
  return {
    stroke,
    width: 2,
    dash: isDashed ? [6, 4] : [],
    points: { show: count <= MAX_POINTS, size: 5, fill: stroke, width: 0 },
  };
}

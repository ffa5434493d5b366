// Plots by day, drawn by uPlot on a canvas, each with its table beside: who can't see the plot reads the table.

import { el, fill } from "./elements.js";
import { day } from "./formats.js";
import { scrolling, table } from "./tables.js";

const LIBRARY = new URL("uPlot.iife.min.js", import.meta.url);
const HEIGHT = 240;
const TONES = 8;

/**
 * Return a plot of stacked bars, with its table. `series`: `[{name, tone, values}]`, a number for each of `days`.
 * `write(value)` writes a value, and `scale(value)` one beside the plot; `top` ends the scale, for shares. `total` adds a
 * column of sums to the table.
 */
export function stackedPlot(title, days, all, { write, signal, scale = write, top = null, total = true }) {
  const series = all.filter((each) => each.values.some(Boolean));
  const canvas = el("div", { class: "plot-canvas", "aria-hidden": "true" });
  const readout = el("p", { class: "plot-readout", "aria-hidden": "true" }, day(days.at(-1) ?? ""));
  const figure = el("figure", { class: "plot" },
    el("figcaption", {}, el("h2", {}, title), legend(series)),
    el("div", { class: "plot-body" },
      el("div", { class: "plot-drawing" }, canvas, readout),
      scrolling(`${title}, as a table`, valueTable(title, days, series, write, total))));
  const tell = (index) => fill(readout, day(days[index]), series.filter((each) => each.values[index])
    .map((each) => ` · ${each.name} ${write(each.values[index])}`).join(""));
  draw(canvas, days, series, { scale, signal, top, tell }).catch(() => {
    canvas.append(el("p", { class: "hint" }, "The plot could not be drawn. Its numbers are in the table."));
  });
  if (days.length) tell(days.length - 1);
  return figure;
}

function legend(series) {
  return el("ul", { class: "legend" }, series.map((each) =>
    el("li", {}, el("span", { class: `swatch tone-${each.tone % TONES}`, "aria-hidden": "true" }), each.name)));
}

function valueTable(title, days, series, write, total) {
  const columns = [
    { title: "Day", cell: (index) => day(days[index]) },
    ...series.map((each) => ({ title: each.name, number: true, cell: (index) => each.values[index] ? write(each.values[index]) : "–" })),
    ...(total && series.length > 1 ? [{ title: "All", number: true, cell: (index) => write(sumAt(series, index)) }] : []),
  ];
  return table(`${title}, by day`, columns, days.map((_, index) => index).toReversed(), { stacked: false });
}

let library = null;

/** Read uPlot, once, when the first plot needs it. */
function uPlotRead() {
  library ??= new Promise((resolve, reject) => {
    document.head.append(el("script", { src: LIBRARY, on: { load: resolve, error: reject } }));
  });
  return library;
}

async function draw(canvas, days, series, { scale, signal, top, tell }) {
  await uPlotRead();
  let plot = null;
  const redraw = () => {
    plot?.destroy();
    plot = canvas.clientWidth ? new uPlot(options(canvas, series, scale, top, tell), stacked(days, series), canvas) : null;
  };
  // The first call comes with the first size: the element is not on the page yet.
  const sizes = new ResizeObserver(() => {
    if (plot) plot.setSize({ width: canvas.clientWidth, height: HEIGHT });
    else redraw();
  });
  sizes.observe(canvas);
  addEventListener("themechange", redraw, { signal });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw, { signal });
  signal.addEventListener("abort", () => {
    sizes.disconnect();
    plot?.destroy();
  });
}

function options(canvas, series, scale, top, tell) {
  const colour = colours(canvas);
  const axis = { stroke: colour("var(--muted)"), grid: { stroke: colour("var(--line)"), width: 1 }, ticks: { show: false },
    font: "12px system-ui, sans-serif" };
  const short = (seconds) => day(new Date(seconds * 1000).toISOString().slice(0, 10)).replace(/^\w+,? /, "");
  return {
    width: canvas.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    scales: {
      x: { range: (_, low, high) => [low - 43200, high + 43200] },
      y: { range: (_, __, high) => [0, top ?? Math.max(high * 1.08, 1)] },
    },
    axes: [
      { ...axis, grid: { show: false }, values: (_, ticks) => ticks.map(short), space: 64, incrs: [1, 2, 7, 14, 28].map((each) => each * 86400) },
      { ...axis, size: 64, values: (_, ticks) => ticks.map((tick) => scale(tick)) },
    ],
    // The whole stack is drawn first, and each lower part over it.
    series: [{}, ...series.map((each) => ({
      fill: colour(`var(--tone-${each.tone % TONES})`), width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.66, 44] }),
    })).toReversed()],
    hooks: { setCursor: [(plot) => { if (plot.cursor.idx !== null && plot.cursor.idx !== undefined) tell(plot.cursor.idx); }] },
  };
}

function stacked(days, series) {
  const levels = [];
  const base = days.map(() => 0);
  for (const each of series) {
    each.values.forEach((value, index) => { base[index] += value ?? 0; });
    levels.push([...base]);
  }
  return [days.map((each) => Date.parse(`${each}T00:00:00Z`) / 1000), ...levels.toReversed()];
}

function sumAt(series, index) {
  return series.reduce((total, each) => total + (each.values[index] ?? 0), 0);
}

// A canvas needs colours that are worked out: a variable may hold one for light and one for dark.
function colours(canvas) {
  const probe = el("span", { hidden: true });
  return (name) => {
    canvas.append(probe);
    probe.style.color = name;
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  };
}

// Tables. Below 640 pixels each row becomes a card, so the roles are written out: display would take them away.

import { el } from "./elements.js";

/**
 * Return a table. `columns`: `{title, cell(row), number?, wide?}`; `number` aligns right, `wide` keeps a card's line.
 * `caption` names the table for screen readers, and is shown with `{showCaption: true}`.
 */
export function table(caption, columns, rows, { showCaption = false, stacked = true, foot = null, keyOf = null } = {}) {
  const body = el("tbody", { role: "rowgroup" }, rows.map((row) => tableRow(columns, row, keyOf)));
  return el("table", { role: "table", class: stacked ? "table stacked" : "table" },
    el("caption", { class: showCaption ? "" : "unseen" }, caption),
    el("thead", { role: "rowgroup" },
      el("tr", { role: "row" }, columns.map((column) =>
        el("th", { role: "columnheader", scope: "col", class: classOf(column) }, column.title)))),
    body,
    foot && el("tfoot", { role: "rowgroup" }, el("tr", { role: "row" }, cells(columns, foot))));
}

/** Return one row, with its key as `data-key`. */
export function tableRow(columns, row, keyOf = null) {
  return el("tr", { role: "row", "data-key": keyOf && keyOf(row) }, cells(columns, (column) => column.cell(row)));
}

/** Return a box in which a wide table scrolls, also by keyboard. */
export function scrolling(label, content) {
  return el("div", { class: "scrolling", tabindex: "0", role: "region", "aria-label": label }, content);
}

function cells(columns, contentOf) {
  return columns.map((column, index) => index === 0 && column.isHead !== false
    ? el("th", { role: "rowheader", scope: "row", class: classOf(column) }, contentOf(column))
    : el("td", { role: "cell", class: classOf(column), "data-title": column.title }, contentOf(column)));
}

function classOf(column) {
  return [column.number ? "number" : "", column.wide ? "wide" : ""].filter(Boolean).join(" ") || null;
}

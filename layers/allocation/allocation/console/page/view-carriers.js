// Carriers: how much each takes, what it costs, its share, and how far daily limits are used.

import { el } from "./elements.js";
import { daysAgo, daysBetween, day, money, number, share, sum } from "./formats.js";
import { stackedPlot } from "./plots.js";
import { empty, loaded } from "./states.js";
import { table } from "./tables.js";
import { daysForm } from "./view-failures.js";

export const carriers = {
  open(place) {
    const from = place.query.get("from") ?? daysAgo(13);
    const to = place.query.get("to") ?? daysAgo(0);
    return [
      el("div", { class: "view-head" }, el("h1", { tabindex: "-1" }, "Carriers")),
      el("p", { class: "lead" }, "Allocated consignments by the day of their decision, in UTC. Prices are net."),
      daysForm("carriers", from, to),
      loaded(place.signal, async (signal) => {
        const [found] = await Promise.all([place.api.read("days", { from, to }, signal), place.names.ready()]);
        const known = new Map(found.days.map((each) => [each.day, each]));
        return daysBetween(from, to).map((date) => known.get(date) ?? { day: date, states: {}, services: [] });
      }, (days) => content(place, days), { rows: 14 }),
    ];
  },
};

function content({ names, signal }, days) {
  const services = days.flatMap((each) => each.services.map((service) => ({ ...service, day: each.day })));
  if (!services.some((each) => each.count)) {
    return empty("Nothing was allocated in these days", "Choose other days, or come back once orders have arrived.");
  }
  const dates = days.map((each) => each.day);
  const keys = [...groupBy(services, (each) => each.carrier)].map(([carrier, rows]) => [carrier, total(rows, "count")])
    .sort((one, other) => other[1] - one[1]).map(([carrier]) => carrier);
  const series = (valueOf, rows = services) => keys.map((carrier, tone) => ({
    name: names.carrier(carrier),
    tone,
    values: dates.map((date) => valueOf(rows.filter((each) => each.day === date && each.carrier === carrier), date)),
  }));
  const counts = (rows) => total(rows, "count");
  const all = new Map(dates.map((date) => [date, counts(services.filter((each) => each.day === date))]));
  return [
    totals(days, services, keys, names),
    stackedPlot("Volume", dates, series(counts), { write: number, signal }),
    ...[...groupBy(services.filter((each) => each.currency), (each) => each.currency)].map(([currency, rows]) => stackedPlot(
      `Cost in ${currency}`, dates, series((found) => Number(sum(found.map((each) => each.net))), rows),
      { write: (value) => money(value.toFixed(2), currency), scale: (value) => money(value.toFixed(0), currency), signal })),
    stackedPlot("Share of consignments", dates, series((rows, date) => counts(rows) / (all.get(date) || 1)),
      { write: (value) => share(value, 1), signal, top: 1, total: false }),
    limits(services, names),
  ];
}

/** Return the sums of all days: states as tiles, carriers as a table. */
function totals(days, services, keys, names) {
  const states = (name) => days.reduce((count, each) => count + (each.states?.[name] ?? 0), 0);
  const costs = [...groupBy(services, (each) => each.currency)].map(([currency, rows]) => money(sum(rows.map((row) => row.net)), currency));
  const count = total(services, "count");
  const tile = (title, value) => el("div", { class: "tile" }, el("dt", {}, title), el("dd", {}, value));
  return [
    el("dl", { class: "tiles" }, tile("Allocated", number(count)), tile("Failed", number(states("AllocationFailed"))),
      tile("Cost, net", costs.join(" + ")), tile("Carriers", number(keys.length))),
    el("section", { class: "panel" }, el("h2", {}, "In all"), table("Carriers in all these days", [
      { title: "Carrier", wide: true, cell: ([carrier]) => names.carrier(carrier) },
      { title: "Consignments", number: true, cell: ([, rows]) => number(total(rows, "count")) },
      { title: "Share", number: true, cell: ([, rows]) => share(total(rows, "count"), count) },
      { title: "Cost, net", number: true, cell: ([, rows]) => [...groupBy(rows, (each) => each.currency)]
        .map(([currency, found]) => money(sum(found.map((each) => each.net)), currency)).join(" + ") },
      { title: "A consignment", number: true, cell: ([, rows]) => new Set(rows.map((each) => each.currency)).size === 1
        ? money((Number(sum(rows.map((each) => each.net))) / total(rows, "count")).toFixed(2), rows[0].currency) : "–" },
    ], keys.map((carrier) => [carrier, services.filter((each) => each.carrier === carrier)]))),
  ];
}

function limits(services, names) {
  const limited = services.filter((each) => each.limit !== null && each.limit !== undefined)
    .sort((one, other) => other.day.localeCompare(one.day) || other.used / other.limit - one.used / one.limit);
  const meter = (row) => el("div", { class: row.used >= row.limit ? "meter full" : "meter" },
    el("span", { class: "meter-bar", "aria-hidden": "true" },
      el("span", { vars: { "--length": `${Math.min(100, row.used / row.limit * 100)}%` } })),
    share(row.used, row.limit));
  return el("section", { class: "panel" }, el("h2", {}, "Daily limits used"),
    limited.length ? table("Daily limits used", [
      { title: "Service", wide: true, cell: (row) => [names.service(row.service), el("span", { class: "under" }, names.carrier(row.carrier))] },
      { title: "Collected on", cell: (row) => day(row.day) },
      { title: "Used", number: true, cell: (row) => number(row.used) },
      { title: "Limit", number: true, cell: (row) => number(row.limit) },
      { title: "Part used", wide: true, cell: meter },
    ], limited) : el("p", { class: "hint" }, "No service with a daily limit was used."));
}

function groupBy(rows, keyOf) {
  const groups = new Map();
  for (const row of rows) groups.set(keyOf(row), [...groups.get(keyOf(row)) ?? [], row]);
  return groups;
}

function total(rows, name) {
  return rows.reduce((count, row) => count + (row[name] ?? 0), 0);
}

// Replays: what another catalogue or mode would have changed for the same consignments.

import { segment } from "./api.js";
import { el, link } from "./elements.js";
import { day, difference, moment, money, number, share, sum } from "./formats.js";
import { empty, loaded } from "./states.js";
import { scrolling, table } from "./tables.js";
import { words } from "./words.js";

export const replays = {
  open(place) {
    return [
      el("div", { class: "view-head" }, el("h1", { tabindex: "-1" }, "Replay")),
      el("p", { class: "lead" }, "The same consignments decided again under another catalogue or mode: what would have changed."),
      loaded(place.signal, (signal) => place.api.read("replays", {}, signal), ({ items }) => items.length
        ? table("Replays, newest first", [
          { title: "Replay", wide: true, cell: (row) => link(`#/replays/${segment(row.id)}`, row.id) },
          { title: "Made", cell: (row) => moment(row.at) },
          { title: "Size", number: true, cell: (row) => `${number(Math.ceil(row.bytes / 1024))} KB` },
        ], items)
        : empty("No replay yet", "`./carrier replay --from current.yaml --to new.yaml --stack NAME` keeps its result here.")),
    ];
  },
};

export const replay = {
  open(place) {
    const [id] = place.parts;
    return [
      el("nav", { class: "crumbs", "aria-label": "Where this is" }, link("#/replays", "Replay"), " / ", el("span", {}, id)),
      el("div", { class: "view-head" }, el("h1", { tabindex: "-1" }, "What would change")),
      loaded(place.signal, async (signal) => {
        const [found] = await Promise.all([place.api.read(`replays/${segment(id)}`, {}, signal), place.names.ready()]);
        return found;
      }, (found) => result(found, place.names), { rows: 14 }),
    ];
  },
};

/** Return a replay's counts and costs as tiles. */
export function outcomesSummary(found) {
  const tile = (title, value, under = "") => el("div", { class: "tile" }, el("dt", {}, title), el("dd", {}, value),
    under ? el("dd", { class: "under" }, under) : "");
  return el("dl", { class: "tiles" },
    tile("Consignments", number(found.consignments), `${share(found.unchanged, found.consignments)} as before`),
    tile("Move to another service", number(found.moved), share(found.moved, found.consignments)),
    found.repriced === undefined ? "" : tile("Same service, new price", number(found.repriced)),
    tile("Newly failed", number(found.newlyFailed)),
    tile("Newly allocated", number(found.newlyAllocated)),
    tile("Cost", costs(found, changeOf), costs(found, (before, after, currency) => `${money(before, currency)} → ${money(after, currency)}`)));
}

function result(found, names) {
  const moves = found.moves.filter((move) => move.from !== move.to);
  return [
    el("p", { class: "lead" }, `From ${nameOf(found.from)} to ${nameOf(found.to)}.`),
    outcomesSummary(found),
    el("section", { class: "panel" }, el("h2", {}, "From which service to which"), moves.length
      ? scrolling("From which service to which", matrix(moves, names)) : empty("Nothing moves", "Every consignment goes as before."),
    found.leftOut?.moves ? el("p", { class: "hint" }, `The ${number(found.leftOut.moves)} rarest pairs of services are left out.`) : ""),
    el("div", { class: "columns even" },
      largest("Largest increases", found.largest.dearer, names), largest("Largest savings", found.largest.cheaper, names)),
    el("section", { class: "panel" }, el("h2", {}, "New failures"), found.failures.length ? table("New failures", [
      { title: "Reason", wide: true, cell: (row) => words(row.code) },
      { title: "Consignments", number: true, cell: (row) => number(row.count) },
      { title: "Among them", wide: true, cell: (row) => row.consignments.map((each, index) =>
        [index ? ", " : "", link(`#/consignments/${segment(each)}`, each)]) },
    ], found.failures) : el("p", { class: "hint" }, "None.")),
    el("section", { class: "panel" }, el("h2", {}, "Daily limits that would be reached"), found.limits.length ? table("Daily limits", [
      { title: "Service", wide: true, cell: (row) => names.service(row.service) },
      { title: "Day", cell: (row) => day(row.day) },
      { title: "Used", number: true, cell: (row) => number(row.used) },
      { title: "Limit", number: true, cell: (row) => number(row.limit) },
    ], found.limits) : el("p", { class: "hint" }, "None."),
    found.leftOut?.limits ? el("p", { class: "hint" }, `${number(found.leftOut.limits)} later days are left out.`) : ""),
  ];
}

/** Return the matrix of moves: rows are services before, columns after; the darker, the more. */
function matrix(moves, names) {
  const after = ordered(moves, "to");
  const most = Math.max(...moves.map((move) => move.count));
  const name = (service) => service === null ? "No service" : names.service(service);
  const cell = (from, to) => {
    const move = moves.find((each) => each.from === from && each.to === to);
    return move ? el("span", { class: "heat", vars: { "--heat": `${Math.round(8 + move.count / most * 40)}%` } }, number(move.count)) : "";
  };
  return table("Rows: the service before. Columns: the service after.", [
    { title: "Before ↓ after →", cell: (from) => name(from) },
    ...after.map((to) => ({ title: name(to), number: true, cell: (from) => cell(from, to) })),
    { title: "All", number: true, cell: (from) => number(count(moves.filter((move) => move.from === from))) },
  ], ordered(moves, "from"), { stacked: false });
}

// The services that most come from, or go to, first.
function ordered(moves, side) {
  const total = (service) => count(moves.filter((move) => move[side] === service));
  return [...new Set(moves.map((move) => move[side]))].sort((one, other) => total(other) - total(one));
}

function count(moves) {
  return moves.reduce((all, move) => all + move.count, 0);
}

function largest(title, rows, names) {
  return el("section", { class: "panel" }, el("h2", {}, title), rows.length ? table(title, [
    { title: "Consignment", wide: true, cell: (row) => [link(`#/consignments/${segment(row.consignment)}`, row.consignment),
      el("span", { class: "under" }, row.from === row.to ? names.service(row.to) : `${names.service(row.from)} → ${names.service(row.to)}`)] },
    { title: "Before", number: true, cell: (row) => money(row.before, row.currency) },
    { title: "After", number: true, cell: (row) => money(row.after, row.currency) },
    { title: "Change", number: true, cell: (row) => difference(row.difference, row.currency) },
  ], rows) : el("p", { class: "hint" }, "None."));
}

function nameOf(catalogue) {
  return [catalogue?.version, catalogue?.name || catalogue?.digest?.slice(0, 8), catalogue?.mode && words(catalogue.mode)].filter(Boolean).join(", ") || "–";
}

function costs(found, write) {
  const before = found.costBefore ?? {};
  const after = found.costAfter ?? {};
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
    .map((currency) => write(before[currency] ?? "0", after[currency] ?? "0", currency)).join(", ") || "–";
}

function changeOf(before, after, currency) {
  return difference(sum([after, -before]), currency);
}

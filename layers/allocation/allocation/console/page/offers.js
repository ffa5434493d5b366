// What every service answered: the offers as bars with their price parts, and the excluded by reason.

import { button, el, fill } from "./elements.js";
import { counted, deliveryBy, difference, moment, money, number, sum } from "./formats.js";
import { table } from "./tables.js";
import { words } from "./words.js";

const SHOWN = 6;

/** Return the offers, best first. A bar is as long as its price is high; its parts are the price's lines. */
export function offerBars(offers, names) {
  const tones = tonesOf(offers);
  const items = (shown) => {
    const longest = Math.max(...shown.map((offer) => Number(offer.gross)), 0.01);
    return shown.map((offer, index) => offerItem(offer, index, offers[0], longest, tones, names));
  };
  const list = el("ol", { class: "offers" }, items(offers.slice(0, SHOWN)));
  const more = offers.length > SHOWN
    ? button(`Show all ${counted(offers.length, "offer")}`, () => {
      fill(list, items(offers));
      list.children[SHOWN].setAttribute("tabindex", "-1");
      list.children[SHOWN].focus();
      more.remove();
    }) : "";
  return el("div", {}, legend(tones), list, more);
}

// The first line of an offer is its rate; each surcharge keeps its colour in all offers.
function tonesOf(offers) {
  const extras = new Map();
  for (const offer of offers) {
    for (const each of offer.lines.slice(1)) if (!extras.has(each.name)) extras.set(each.name, `part-${1 + extras.size % 6}`);
  }
  return extras;
}

function legend(tones) {
  const entry = (tone, text) => el("li", {}, el("span", { class: `swatch ${tone}`, "aria-hidden": "true" }), text);
  return el("ul", { class: "legend", "aria-label": "Parts of a price" },
    entry("part-0", "Rate"), [...tones].map(([name, tone]) => entry(tone, name)), entry("part-tax", "VAT"));
}

function offerItem(offer, index, best, longest, tones, names) {
  const parts = [
    ...offer.lines.map((each, at) => [each.name, each.amount, at ? tones.get(each.name) : "part-0"]),
    ...(Number(offer.vat) ? [["VAT", offer.vat, "part-tax"]] : []),
  ];
  const isComparable = offer.currency === best.currency;
  const more = index ? isComparable && difference(sum([offer.gross, -best.gross]), offer.currency) : "first";
  return el("li", { class: index ? "offer" : "offer chosen" },
    el("div", { class: "offer-head" },
      el("span", { class: "offer-name" }, names.service(offer.service),
        el("span", { class: "under" }, `${names.carrierOf(offer.service)} · ${offer.service}`)),
      el("span", { class: "offer-price" }, money(offer.gross, offer.currency),
        more && el("span", { class: "under" }, more))),
    el("div", { class: "bar", "aria-hidden": "true" }, parts.map(([, amount, tone]) =>
      el("span", { class: tone, vars: { "--length": `${Math.max(0, Number(amount)) / longest * 100}%` } }))),
    el("p", { class: "offer-parts" },
      parts.map(([name, amount]) => `${name} ${money(amount, offer.currency)}`).join(" + "),
      offer.chargeableWeightKg ? ` · ${number(offer.chargeableWeightKg)} kg charged` : "", " · collected ", moment(offer.collected), " · delivered by ",
      deliveryBy(offer.delivered)));
}

/** Return the excluded services, a box to open for each reason; a service stands under each of its reasons. */
export function excludedByReason(excluded, names) {
  const groups = new Map();
  for (const { service, reasons } of excluded) {
    for (const reason of reasons) {
      const group = groups.get(reason.code) ?? { text: reason.text, rows: [] };
      group.rows.push({ service, ...reason });
      groups.set(reason.code, group);
    }
  }
  const sorted = [...groups].sort(([, one], [, other]) => other.rows.length - one.rows.length);
  return el("div", { class: "reasons" }, sorted.map(([code, group]) =>
    el("details", { class: "reason" },
      el("summary", {}, el("span", {}, words(code), el("span", { class: "under" }, group.text)),
        el("span", { class: "count" }, counted(group.rows.length, "service"))),
      table(words(code), reasonColumns(names), group.rows))));
}

function reasonColumns(names) {
  return [
    { title: "Service", wide: true, cell: (row) => [names.service(row.service), el("span", { class: "under" }, row.service)] },
    { title: "It takes", cell: (row) => row.expected || "–" },
    { title: "This consignment", cell: (row) => row.actual || "–" },
  ];
}

// The catalogue in use, to read: services as a rate card, zones as a list, groups, and the versions with their changes.

import { el, field, fill, link } from "./elements.js";
import { counted, moment, number } from "./formats.js";
import { empty, loaded, notice } from "./states.js";
import { scrolling, table } from "./tables.js";
import { outcomesSummary } from "./view-replays.js";
import { words } from "./words.js";

const PARTS = [
  ["services", "Rate card", (found) => found.services.length],
  ["zones", "Zones", (found) => found.zones.length],
  ["groups", "Groups", (found) => found.groups.length],
  ["versions", "Versions", (found) => found.publications.length],
];
const CONTENT = { services: rateCard, zones, groups, versions };

export const catalogue = {
  open(place) {
    const [part = "services"] = place.parts;
    return [
      el("div", { class: "view-head" }, el("h1", { tabindex: "-1" }, "Catalogue")),
      loaded(place.signal, (signal) => place.api.read("catalogue", {}, signal), (found) => [
        about(found),
        el("nav", { class: "tabs", "aria-label": "Parts of the catalogue" }, el("ul", {}, PARTS.map(([key, text, count]) =>
          el("li", {}, el("a", { href: `#/catalogue/${key}`, "aria-current": key === part ? "page" : null },
            text, el("span", { class: "count" }, number(count(found)))))))),
        CONTENT[part](found),
      ], { rows: 14 }),
    ];
  },
};

function about(found) {
  const current = found.publications.find((each) => each.current);
  const warnings = current?.warnings ?? found.warnings ?? [];
  return [
    el("p", { class: "lead" }, `Version ${found.version}, prices in ${found.currency}. `,
      current ? ["In use since ", moment(current.publishedAt), ". "] : "",
      el("span", { class: "hint" }, `Digest ${String(found.digest).slice(0, 12)}`)),
    warnings.length
      ? notice("warn", el("p", { class: "notice-title" }, `Its checks found ${counted(warnings.length, "warning")}`),
        el("ul", {}, warnings.map((each) => el("li", {}, each))))
      : "",
  ];
}

function rateCard(found) {
  const names = new Map(found.carriers.map((each) => [each.reference, each.name]));
  const cards = found.services.map((service) => ({ service, card: serviceCard(service, names) }));
  const none = el("p", { class: "hint", hidden: true }, "No service has these words.");
  const filter = el("input", { type: "search", autocomplete: "off", on: { input: () => {
    const wanted = filter.value.trim().toLowerCase();
    for (const { service, card } of cards) {
      const text = [service.reference, service.name, names.get(service.carrier), ...service.tags, ...service.destinations].join(" ");
      card.hidden = !text.toLowerCase().includes(wanted);
    }
    none.hidden = cards.some(({ card }) => !card.hidden);
  } } });
  return [field("Find a service", filter, "By name, reference, carrier, tag or destination."), none,
    el("div", { class: "cards" }, cards.map(({ card }) => card))];
}

function serviceCard(service, names) {
  const content = el("div", {});
  // A catalogue may have thousands of rates: a service's are written when somebody opens it.
  const open = () => { if (!content.hasChildNodes()) fill(content, rateCardOf(service)); };
  return el("details", { class: "panel service", on: { toggle: open } },
    el("summary", {},
      el("span", { class: "service-name" }, service.name, el("span", { class: "under" },
        `${names.get(service.carrier) ?? service.carrier} · ${service.reference}`)),
      service.enabled ? "" : el("span", { class: "mark quiet" }, "Off"),
      el("span", { class: "count" }, counted(service.rates.length, "rate"))),
    content);
}

function rateCardOf(service) {
  const list = (title, texts) => texts?.length
    ? el("div", {}, el("dt", {}, title), el("dd", {}, texts.length === 1 ? texts[0] : el("ul", {}, texts.map((each) => el("li", {}, each)))))
    : "";
  return [
    el("dl", { class: "facts wide" },
      list("Goes to", service.destinations), list("Not to", service.excluded), list("Takes", service.limits), list("Cut-offs", service.cutOffs),
      list("Transit", service.transit), list("Surcharges", service.surcharges), list("Tags", service.tags),
      service.priority === null || service.priority === undefined ? "" : list("Priority", [String(service.priority)])),
    service.omittedRates ? el("p", { class: "hint" }, `${counted(service.omittedRates, "more price")} not shown: the catalogue is too large for one page.`) : "",
    service.rates.length ? scrolling(`Rates of ${service.name}`, rateTable(service)) : el("p", { class: "hint" }, "It has no rate."),
  ];
}

// A rate has whatever the catalogue says of it: a column for each of its words.
function rateTable(service) {
  const keys = [...new Set(service.rates.flatMap((rate) => Object.keys(rate)))];
  return table(`Rates of ${service.name}`, keys.map((key, index) => ({
    title: words(key), number: key === "price", isHead: index === 0,
    cell: (rate) => Array.isArray(rate[key]) ? rate[key].join(", ") : String(rate[key] ?? "–"),
  })), service.rates, { stacked: false });
}

function zones(found) {
  const rows = found.zones;
  const body = el("div", { class: "list" }, zoneTable(rows));
  const filter = el("input", { type: "search", autocomplete: "off", on: { input: () => {
    const wanted = filter.value.trim().toLowerCase();
    const fitting = rows.filter((zone) => [zone.name, ...zone.places].join(" ").toLowerCase().includes(wanted));
    fill(body, fitting.length ? zoneTable(fitting) : el("p", { class: "hint" }, "No zone has these words."));
  } } });
  return rows.length ? [field("Find a zone", filter, "By its name, a country or the beginning of a postcode."), body]
    : empty("No zones", "Every destination of this catalogue is written as a country or a postcode.");
}

function zoneTable(rows) {
  return table("Zones", [
    { title: "Zone", wide: true, cell: (zone) => zone.name },
    { title: "Places", number: true, cell: (zone) => number(zone.count) },
    { title: "Which", wide: true, cell: (zone) => zone.places.join(", ") + (zone.count > zone.places.length ? ", …" : "") },
  ], rows);
}

function groups(found) {
  return found.groups.length ? table("Service groups", [
    { title: "Group", wide: true, cell: (group) => [group.name ?? group.reference, el("span", { class: "under" }, group.reference)] },
    { title: "Services", wide: true, cell: (group) => (group.services ?? []).join(", ") },
  ], found.groups) : empty("No groups", "The mode service_group needs a group in the catalogue.");
}

function versions(found) {
  if (!found.publications.length) {
    return empty("No version was published", "The packaged catalogue is in use. `./carrier catalogue publish` puts your own in its place.");
  }
  return el("ol", { class: "versions" }, found.publications.map((each) => el("li", { class: "panel" },
    el("div", { class: "panel-head" }, el("h2", {}, each.version), each.current ? el("span", { class: "mark good" }, "In use") : "",
      el("span", { class: "hint" }, moment(each.publishedAt), ` · ${String(each.digest).slice(0, 12)}`)),
    each.changes?.length
      ? el("details", { class: "reason", open: each.changes.length <= 6 }, el("summary", {}, el("span", {}, counted(each.changes.length, "change"))),
        el("ul", {}, each.changes.map((change) => el("li", {}, change))))
      : el("p", { class: "hint" }, "No change of its content is recorded."),
    each.warnings?.length ? el("details", { class: "reason" }, el("summary", {}, el("span", {}, counted(each.warnings.length, "warning"))),
      el("ul", {}, each.warnings.map((warning) => el("li", {}, warning)))) : "",
    each.outcomes ? [outcomesSummary(each.outcomes), each.outcomes.id ? link(`#/replays/${each.outcomes.id}`, "See the replay") : ""] : "")));
}

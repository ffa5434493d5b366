// One consignment: its life, why it went there, its label and documents, and what can be done with it.

import { segment } from "./api.js";
import { confirmed } from "./dialogs.js";
import { button, el, fill, link, whileBusy } from "./elements.js";
import { showLabel, showDocuments } from "./files.js";
import { counted, deliveryBy, moment, money } from "./formats.js";
import { historyOf } from "./history.js";
import { datesLine } from "./lines.js";
import { excludedByReason, offerBars } from "./offers.js";
import { announce, empty, loaded, notice, trouble } from "./states.js";
import { stateMark } from "./view-orders.js";
import { ACTIONS, words } from "./words.js";

export const consignment = {
  open(place) {
    const [reference] = place.parts;
    const told = el("div", { class: "told", "aria-live": "polite" });
    const head = el("div", { class: "actions" });
    const content = loaded(place.signal, async (signal) => {
      const [found] = await Promise.all([
        place.api.read(`consignments/${segment(reference)}`, {}, signal), place.names.ready()]);
      return found;
    }, (found) => {
      fill(head, actionButtons(place, found, told, content));
      return sections(place, found, told);
    }, { rows: 12 });
    return [
      el("nav", { class: "crumbs", "aria-label": "Where this is" }, link("#/orders", "Orders"), " / ", el("span", {}, reference)),
      el("div", { class: "view-head" }, el("h1", { tabindex: "-1" }, reference), head),
      told,
      content,
    ];
  },
};

function sections(place, found, told) {
  const { names } = place;
  const item = found.consignment;
  return [
    conclusion(found, names),
    el("div", { class: "columns" },
      el("div", { class: "stack" },
        el("section", { class: "panel" }, el("h2", {}, "History"), historyOf(place, found)),
        item.collectedAt ? el("section", { class: "panel" }, el("h2", {}, "Dates"), dates(found)) : ""),
      el("section", { class: "panel" }, el("h2", {}, "Facts"), facts(place, found, told))),
    answers(found, names),
  ];
}

/** Begin with the answer: where it went and why, or why it failed. */
function conclusion({ consignment: item, why, failure, history }, names) {
  const isFailed = item.state === "AllocationFailed";
  const failures = history.filter((step) => step.what === "AllocationFailed").length - (isFailed ? 1 : 0);
  const title = isFailed ? words(failure?.code ?? item.failureCode)
    : item.service ? `${names.carrier(item.carrier)}, ${names.service(item.service)}` : "No carrier service";
  return el("section", { class: `conclusion ${isFailed ? "bad" : ""}`, "aria-label": "Why" },
    el("div", { class: "conclusion-head" }, stateMark(item.state), el("h2", {}, title),
      item.price ? el("span", { class: "conclusion-price" }, money(item.price.gross, item.price.currency)) : ""),
    el("p", { class: "why" }, (isFailed ? failure?.message : why) || why || "Nothing more is recorded."),
    failures ? el("p", { class: "hint" }, `Before that it failed ${counted(failures, "time")}: see its history.`) : "");
}

function facts(place, found, told) {
  const { consignment: item, route, label, documents } = found;
  const { names } = place;
  const price = item.price;
  const rows = [
    ["Order", link(`#/orders?${new URLSearchParams({ order: item.order })}`, item.order)],
    ["Your reference", item.customerReference],
    ["Service", item.service && `${names.service(item.service)} (${item.service})`],
    ["Carrier", item.carrier && names.carrier(item.carrier)],
    ["Mode", item.mode && words(item.mode)],
    ["Routing row", route && (route.row ?? route)],
    ["Price", price && `${money(price.gross, price.currency)} = ${money(price.net, price.currency)} + ${money(price.vat, price.currency)} VAT`],
    ["Tracking", item.trackingReferences?.join(", ")],
    ["Decided", moment(item.allocatedAt, { seconds: true })],
    ["Version", String(item.version)],
  ];
  return [
    el("dl", { class: "facts" }, rows.filter(([, value]) => value).map(([name, value]) =>
      el("div", {}, el("dt", {}, name), el("dd", {}, value)))),
    el("div", { class: "row" },
      label && button("Show label", (event) => run(event, told, () => showLabel(place.api, item.consignment, label))),
      documents && button("Customs documents", (event) => run(event, told, () => showDocuments(place.api, item.consignment, documents)))),
  ];
}

function dates({ consignment: item, explanation, offers }) {
  const cutOff = offers[0]?.cutOff;
  return datesLine([
    { text: "Decided", at: explanation?.decidedAt ?? item.allocatedAt },
    { text: "Cut-off", at: cutOff },
    { text: "Collection", at: item.collectedAt },
    { text: "Delivery", at: item.deliveredBy, isDelivery: true },
  ]);
}

function answers({ offers, excluded, explanation }, names) {
  if (!offers.length && !excluded.length) {
    return el("section", { class: "panel" }, el("h2", {}, "Every service's answer"),
      empty("No explanation is kept", "SortedPRO decided it, or its explanation was recorded in a form of before."));
  }
  const digest = explanation?.catalogueVersion ? `Catalogue ${explanation.catalogueVersion}` : "";
  return [
    el("section", { class: "panel" },
      el("div", { class: "panel-head" }, el("h2", {}, "Services that can take it"), el("span", { class: "hint" }, digest)),
      offers.length ? offerBars(offers, names)
        : empty("No service can take it", "Every service has a reason against it: see below.")),
    excluded.length ? el("section", { class: "panel" },
      el("div", { class: "panel-head" }, el("h2", {}, "Services that can't"),
        el("span", { class: "hint" }, counted(excluded.length, "service"))),
      excludedByReason(excluded, names)) : "",
  ];
}

function actionButtons(place, found, told, content) {
  return found.actions.filter((name) => ACTIONS[name]).map((name) =>
    button(ACTIONS[name].button, (event) => run(event, told, () => act(place, found.consignment.consignment, name, told, content)),
      { class: ACTIONS[name].isFinal ? "button danger" : "button" }));
}

async function act({ api, names }, reference, name, told, content) {
  const action = ACTIONS[name];
  if (!await confirmed(action.title(reference), action.text, action.button, { isFinal: action.isFinal })) return;
  let text = action.done(reference);
  if (name === "retry") {
    const [result] = (await api.send("retry", { consignments: [reference] })).results;
    text = [text, result?.message].filter(Boolean).join(" ");
  } else {
    await api.put(`consignments/${segment(reference)}/${name}`);
  }
  await names.ready();
  fill(told, notice("good", el("p", {}, text)));
  announce(text);
  await content.reload();
}

/** Run what a button starts, with the button busy meanwhile; trouble is told above the content. */
async function run(event, told, task) {
  await whileBusy(event.currentTarget, async () => {
    fill(told);
    try {
      await task();
    } catch (error) {
      fill(told, trouble(error));
    }
  });
}

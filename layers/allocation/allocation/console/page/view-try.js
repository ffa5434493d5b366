// Try it: type a parcel and addresses, and see every service's answer, under the catalogue in use or one of your own.

import { el, field, fill, select, whileBusy } from "./elements.js";
import { counted, money } from "./formats.js";
import { datesLine } from "./lines.js";
import { excludedByReason, offerBars } from "./offers.js";
import { ParcelForm, text } from "./parcel-form.js";
import { announce, empty, skeleton, trouble } from "./states.js";
import { MODE_OPTIONS, words } from "./words.js";

// What the first offer is, by what the catalogue or the mode prefers.
const FIRST = {
  cheapest: "is the cheapest",
  fastest: "is the fastest",
  earliestDelivery: "is delivered the earliest",
  prioritised: "has the first priority",
};

export const tryIt = {
  open(place) {
    const parcel = new ParcelForm();
    const decision = decisionFields();
    const answer = el("section", { class: "answer", "aria-label": "Answer" },
      empty("Nothing asked yet", "The form holds an example. Change what you like, and ask."));
    const submit = el("button", { type: "submit", class: "button primary" }, "Ask every service");
    place.names.ready();
    const form = el("form", { class: "try-form", on: { submit: (event) => {
      event.preventDefault();
      whileBusy(submit, ask);
    } } }, parcel.element, decision.element, el("div", { class: "row form-foot" }, submit));
    async function ask() {
      fill(answer, skeleton(8));
      try {
        const asked = { consignment: parcel.consignment(), ...await decision.read() };
        const [found] = await Promise.all([place.api.send("try", asked, place.signal), place.names.ready()]);
        fill(answer, shownAnswer(found, asked, place.names));
        announce(found.winner ? `${found.winner.service} would take it` : "No service can take it");
        answer.scrollIntoView({ block: "nearest" });
      } catch (error) {
        if (error.name !== "AbortError") fill(answer, trouble(error));
      }
    }
    return [
      el("div", { class: "view-head" }, el("h1", { tabindex: "-1" }, "Try it")),
      el("p", { class: "lead" }, "Nothing is allocated or kept. Daily limits count as unused."),
      el("div", { class: "try" }, form, answer),
    ];
  },
};

/** Return the fields that say how to decide, and `read()` for what they say. */
function decisionFields() {
  const mode = select(MODE_OPTIONS, "");
  const group = text("");
  const service = text("");
  const now = el("input", { type: "datetime-local" });
  const file = el("input", { type: "file", accept: ".json,application/json" });
  const [groupField, serviceField] = [field("Group", group), field("Service", service)];
  const adapt = () => {
    groupField.hidden = mode.value !== "service_group";
    serviceField.hidden = mode.value !== "carrier_service";
    group.required = !groupField.hidden;
    service.required = !serviceField.hidden;
  };
  mode.addEventListener("change", adapt);
  adapt();
  const element = el("fieldset", {}, el("legend", {}, "How it is decided"),
    el("div", { class: "grid" }, field("Mode", mode, "As for an order: by the routing table, or else the stack's mode."), groupField, serviceField,
      field("As of", now, "Your clock; empty: now."),
      field("Catalogue", file, "Empty: the one in use. Or what ./carrier catalogue compile wrote.")));
  const read = async () => ({
    mode: mode.value || null,
    group: groupField.hidden ? null : group.value.trim(),
    service: serviceField.hidden ? null : service.value.trim(),
    now: now.value ? new Date(now.value).toISOString() : null,
    catalogue: file.files[0] ? await file.files[0].text() : null,
  });
  return { element, read };
}

function shownAnswer(found, asked, names) {
  const { winner, failure } = found;
  return [
    el("div", { class: winner ? "conclusion" : "conclusion bad" },
      el("div", { class: "conclusion-head" },
        el("span", { class: winner ? "mark good" : "mark bad" }, winner ? "Would go" : "Would fail"),
        el("h2", {}, winner ? `${names.carrier(winner.carrier)}, ${names.service(winner.service)}` : words(failure?.code)),
        winner ? el("span", { class: "conclusion-price" }, money(winner.gross, winner.currency)) : ""),
      el("p", { class: "why" }, winner
        ? `It ${FIRST[found.preference] ?? "comes first"} of ${counted(found.offers.length, "service")} that can take it${asked.catalogue ? ", under your catalogue" : ""}.`
        : failure?.message)),
    winner ? el("section", { class: "panel" }, el("h2", {}, "Dates"), datesLine([
      { text: "Cut-off", at: winner.cutOff },
      { text: "Collection", at: winner.collected },
      { text: "Delivery", at: winner.delivered, isDelivery: true },
    ])) : "",
    found.offers.length ? el("section", { class: "panel" }, el("h2", {}, "Services that can take it"), offerBars(found.offers, names)) : "",
    found.excluded.length ? el("section", { class: "panel" }, el("div", { class: "panel-head" }, el("h2", {}, "Services that can't"),
      el("span", { class: "hint" }, counted(found.excluded.length, "service"))), excludedByReason(found.excluded, names)) : "",
  ];
}

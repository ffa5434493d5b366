// What happened to a consignment: the versions of its record at once, then the events that the publisher's log tells of.

import { segment } from "./api.js";
import { el, fill } from "./elements.js";
import { counted } from "./formats.js";
import { lifeLine } from "./lines.js";

/** Return the panel's content for `found`, the consignment as the API gives it. */
export function historyOf({ api, signal }, found) {
  const box = el("div", { class: "life" });
  show(box, found, []);
  if (found.consignment.version) tellEvents(api, signal, found, box);
  return box;
}

async function tellEvents(api, signal, found, box) {
  let told;
  try {
    told = await api.read(`consignments/${segment(found.consignment.consignment)}/events`, {}, signal);
  } catch (error) {
    if (signal.aborted || error.name === "AbortError") return;
    told = { events: [], trouble: error.message };
  }
  show(box, found, told.events, told.trouble);
}

function show(box, { history, unknownVersions }, events, trouble = null) {
  const published = events.filter((each) => each.publishedAt).map((each) => (
    { what: "Published", at: each.publishedAt, detail: `Event ${each.id}` }));
  const steps = [...history, ...published].sort((one, other) => new Date(one.at) - new Date(other.at));
  const missing = events.filter((each) => !each.publishedAt).map((each) => each.id);
  fill(box,
    steps.length ? lifeLine(steps) : hint("Nothing is recorded."),
    unknownVersions ? hint(`${counted(unknownVersions, "earlier change")} not listed: the console was not on yet.`) : "",
    missing.length && !trouble ? hint(`Not in the publisher's log: ${missing.join(", ")}. Not published yet, or longer ago than the log is kept.`) : "",
    trouble ? hint(`Whether its events were published is not known: ${trouble}`) : "");
}

function hint(text) {
  return el("p", { class: "hint" }, text);
}

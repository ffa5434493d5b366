// Failures, grouped by cause with the nearest miss, and tried again once the cause is gone.

import { segment } from "./api.js";
import { confirmed } from "./dialogs.js";
import { button, el, field, fill, link, whileBusy } from "./elements.js";
import { counted, daysAgo, moment, number } from "./formats.js";
import { announce, empty, loaded, notice, trouble } from "./states.js";
import { table } from "./tables.js";
import { stateMark } from "./view-orders.js";
import { words } from "./words.js";

const AT_ONCE = 10; // consignments a call: progress is seen, and no call takes long
const OF_A_GROUP = 100;

export const failures = {
  open(place) {
    const from = place.query.get("from") ?? daysAgo(13);
    const to = place.query.get("to") ?? daysAgo(0);
    const groups = loaded(place.signal, (signal) => place.api.read("failures", { from, to }, signal),
      (found) => shownGroups(place, found, { from, to }));
    return [
      el("div", { class: "view-head" }, el("h1", { tabindex: "-1" }, "Failures")),
      el("p", { class: "lead" }, "Consignments that no carrier service took, by cause. Correct the catalogue or the order, then try them again."),
      daysForm("failures", from, to),
      groups,
    ];
  },
};

/** Return a form of two days that leads to a place of the page. */
export function daysForm(place, from, to) {
  const first = el("input", { type: "date", value: from, required: true });
  const last = el("input", { type: "date", value: to, required: true });
  return el("form", { class: "days", on: { submit: (event) => {
    event.preventDefault();
    location.hash = `#/${place}?${new URLSearchParams({ from: first.value, to: last.value })}`;
  } } }, field("From", first), field("To", last), el("button", { type: "submit", class: "button" }, "Show"));
}

function shownGroups(place, { groups, omittedGroups }, days) {
  if (!groups.length) {
    return empty("No failure in these days", "Every consignment got a carrier service, or was cancelled.",
      link("#/orders", "See the orders"));
  }
  const all = groups.reduce((total, group) => total + group.count, 0);
  return [
    el("p", { class: "hint" }, `${counted(all, "failed consignment")}, ${counted(groups.length, "cause")}`),
    groups.map((group, index) => shownGroup(place, group, days, index)),
    omittedGroups ? el("p", { class: "hint" }, `${counted(omittedGroups, "rarer cause")} not shown: choose fewer days.`) : "",
  ];
}

function shownGroup(place, group, days, index) {
  const id = `cause-${index}`;
  const boxes = group.consignments.map((reference) =>
    el("input", { type: "checkbox", value: reference, "aria-label": `Select ${reference}` }));
  const outcome = el("div", { class: "told" });
  const checked = () => boxes.filter((box) => box.checked).map((box) => box.value);
  const selected = button("Try selected again", () => whileBusy(selected, () => retry(checked)));
  const every = button(group.count === 1 ? "Try it again" : `Try all ${number(group.count)} again`, () => whileBusy(every, async () => retry(() => allOf(place, group, days))), { class: "button primary" });
  const tell = () => { selected.disabled = !boxes.some((box) => box.checked); };
  boxes.forEach((box) => box.addEventListener("change", tell));
  tell();

  async function retry(references) {
    try {
      const chosen = await references();
      const title = `Try ${counted(chosen.length, "consignment")} again?`;
      const text = "Each is decided again under the catalogue in use now, in the mode it was sent with.";
      if (await confirmed(title, text, "Try again")) await retried(place, chosen, outcome);
    } catch (error) {
      if (error.name !== "AbortError") outcome.append(trouble(error));
    }
  }

  return el("article", { class: "panel cause", "aria-labelledby": id },
    el("div", { class: "cause-head" },
      el("span", { class: "cause-count" }, number(group.count), el("span", { class: "unseen" }, " consignments")),
      el("div", {},
        el("h2", { id }, words(group.code)),
        // The nearest miss says the cause with the numbers of one consignment.
        el("p", {}, group.nearestMiss ? [el("strong", {}, "Nearest miss: "), group.nearestMiss] : group.cause),
        el("p", { class: "hint" }, group.nearestMiss && group.count > 1 ? "The numbers are those of the latest: " : "Latest: ",
          moment(group.latest)))),
    el("details", { class: "reason" },
      el("summary", {}, el("span", {}, "Consignments"), el("span", { class: "count" },
        group.count > boxes.length ? `newest ${boxes.length} of ${number(group.count)}` : number(group.count))),
      el("ul", { class: "chosen-list" }, boxes.map((box) =>
        el("li", {}, box, link(`#/consignments/${segment(box.value)}`, box.value))))),
    el("div", { class: "row" }, every, boxes.length > 1 ? selected : "",
      link(`#/orders?${new URLSearchParams({ cause: group.causeDigest })}`, "See as a list")),
    outcome);
}

/** Return all references of a group in these days: the API lists only its newest with it. */
async function allOf({ api, signal }, group, { from, to }) {
  if (group.count <= group.consignments.length) return group.consignments;
  const found = [];
  let next = null;
  do {
    const page = await api.read("consignments", { cause: group.causeDigest, take: OF_A_GROUP, next }, signal);
    found.push(...page.items);
    next = page.next;
  } while (next);
  const isAsked = ({ allocatedAt }) => allocatedAt.slice(0, 10) >= from && allocatedAt.slice(0, 10) <= to;
  return found.filter(isAsked).map((each) => each.consignment);
}

/** Try consignments again, a few at a time, with a bar of progress and the results below. */
async function retried({ api, signal }, references, outcome) {
  const progress = el("progress", { max: references.length, value: 0, "aria-label": "Tried again" });
  const text = el("p", {}, `0 of ${number(references.length)}`);
  fill(outcome, notice("quiet", text, progress));
  const results = [];
  for (let start = 0; start < references.length; start += AT_ONCE) {
    const answer = await api.send("retry", { consignments: references.slice(start, start + AT_ONCE) }, signal);
    results.push(...answer.results);
    progress.value = results.length;
    fill(text, `${number(results.length)} of ${number(references.length)}`);
  }
  const done = results.filter((result) => result.state === "Allocated").length;
  const queued = results.filter((result) => result.isQueued).length;
  const summary = queued ? `${counted(queued, "consignment")} sent to SortedPRO again: look again in a minute.`
    : `${number(done)} of ${counted(results.length, "consignment")} allocated.`;
  announce(summary);
  fill(outcome, notice(done + queued === results.length ? "good" : "warn", el("p", { class: "notice-title" }, summary)),
    table("Results", [
      { title: "Consignment", wide: true, cell: (row) => link(`#/consignments/${segment(row.consignment)}`, row.consignment) },
      { title: "State", cell: (row) => row.state ? stateMark(row.state) : "–" },
      { title: "Answer", wide: true, cell: (row) => row.message || "–" },
    ], results));
}

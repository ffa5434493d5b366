// A line of steps: the life of a consignment so far, and the dates that were promised for it.

import { el } from "./elements.js";
import { deliveryBy, moment, span } from "./formats.js";
import { stepOf } from "./words.js";

/** Return the line of a life: `history` as the API lists it, oldest first. */
export function lifeLine(history) {
  const steps = history.map((step, index) => {
    const [text, tone] = stepOf(step.what);
    const after = index ? span(history[index - 1].at, step.at) : "";
    return { text, tone, time: moment(step.at, { seconds: true }), after, detail: step.detail };
  });
  return line("What happened, oldest first", steps);
}

/** Return the line of dates: each `{text, at, isDelivery?}`; what lies ahead is drawn hollow. */
export function datesLine(dates) {
  const given = dates.filter((each) => each.at);
  return line("Dates", given.map((each, index) => ({
    text: each.text,
    tone: new Date(each.at) > new Date() ? "ahead" : "good",
    time: each.isDelivery ? deliveryBy(each.at) : moment(each.at),
    after: index && !each.isDelivery ? span(given[index - 1].at, each.at) : "",
    detail: each.isDelivery ? "On the destination's clock" : "",
  })), "line dates");
}

function line(label, steps, kind = "line") {
  return el("ol", { class: kind, "aria-label": label }, steps.map((step) =>
    el("li", { class: step.tone },
      el("span", { class: "line-dot", "aria-hidden": "true" }),
      el("div", { class: "line-text" },
        el("span", { class: "line-title" }, step.text),
        el("span", { class: "line-time" }, step.time),
        step.after ? el("span", { class: "line-after" }, `after ${step.after}`) : "",
        step.detail ? el("span", { class: "line-detail" }, step.detail) : ""))));
}

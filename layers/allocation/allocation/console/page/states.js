// What a view shows while it waits, when there is nothing, and when something went wrong.

import { button, el, fill } from "./elements.js";

/** Return a box that loads: `load(signal)` gives the data and `render(data)` the content. `reload()` is on the box. */
export function loaded(signal, load, render, { rows = 6 } = {}) {
  const box = el("div", { class: "loaded" });
  box.reload = async () => {
    box.setAttribute("aria-busy", "true");
    fill(box, skeleton(rows));
    try {
      const data = await load(signal);
      if (!signal.aborted) fill(box, render(data));
    } catch (error) {
      if (signal.aborted || error.name === "AbortError") return;
      fill(box, trouble(error, box.reload));
    } finally {
      box.removeAttribute("aria-busy");
    }
  };
  box.reload();
  return box;
}

/** Return grey lines in the place of what is being read. */
export function skeleton(rows) {
  return el("div", { class: "skeleton" },
    el("span", { class: "unseen" }, "Loading"),
    Array.from({ length: rows }, () => el("div", { class: "skeleton-line", "aria-hidden": "true" })));
}

/** Return what is shown where there is nothing: a title, what it means, and what to do. */
export function empty(title, text, ...actions) {
  return el("div", { class: "empty" },
    el("p", { class: "empty-title" }, title), el("p", {}, text), actions.length ? el("div", { class: "row" }, actions) : "");
}

/** Return what went wrong, with its details and a button to try again. */
export function trouble(error, again = null) {
  return el("div", { class: "notice bad", role: "alert" },
    el("p", { class: "notice-title" }, error.status === 404 ? "Not found" : "That did not work"),
    el("p", {}, error.message),
    error.details?.length ? el("ul", {}, error.details.map((line) => el("li", {}, line))) : "",
    again && button("Try again", again));
}

/** Return a notice: `tone` is `good`, `bad`, `warn` or `quiet`. */
export function notice(tone, ...children) {
  return el("div", { class: `notice ${tone}` }, ...children);
}

/** Say something to screen readers, without moving anything. */
export function announce(text) {
  const place = document.getElementById("announcements");
  place.textContent = "";
  requestAnimationFrame(() => { place.textContent = text; });
}

// The page's frame: signing in, the places of the page and their addresses, the theme.

import { Api, settings } from "./api.js";
import { opened } from "./dialogs.js";
import { button, el, fill, icon, link } from "./elements.js";
import { signInForm } from "./sign-in.js";
import { Names } from "./names.js";
import { announce, empty, skeleton, trouble } from "./states.js";

// Pattern of the address after `#/`, the view, and the entry of the navigation it belongs to. A view's script is read
// when somebody first goes there: each file is a call of the function that serves it.
const PLACES = [
  [/^orders$/, async () => (await import("./view-orders.js")).orders, "orders"],
  [/^consignments\/([^/]+)$/, async () => (await import("./view-consignment.js")).consignment, "orders"],
  [/^failures$/, async () => (await import("./view-failures.js")).failures, "failures"],
  [/^carriers$/, async () => (await import("./view-carriers.js")).carriers, "carriers"],
  [/^catalogue(?:\/(services|zones|groups|versions))?$/, async () => (await import("./view-catalogue.js")).catalogue, "catalogue"],
  [/^try$/, async () => (await import("./view-try.js")).tryIt, "try"],
  [/^replays$/, async () => (await import("./view-replays.js")).replays, "replays"],
  [/^replays\/([^/]+)$/, async () => (await import("./view-replays.js")).replay, "replays"],
];

const NAVIGATION = [
  ["orders", "Orders", "M4 6h16M4 12h16M4 18h10"],
  ["failures", "Failures", "M12 8v5m0 3.5v.01M10.3 4.2 2.9 17a2 2 0 0 0 1.7 3h14.8a2 2 0 0 0 1.7-3L13.7 4.2a2 2 0 0 0-3.4 0Z"],
  ["carriers", "Carriers", "M4 20V10m6 10V4m6 16v-7m4 7H2"],
  ["catalogue", "Catalogue", "M5 4h11a3 3 0 0 1 3 3v13H8a3 3 0 0 1-3-3V4Zm4 5h6m-6 4h6"],
  ["try", "Try it", "M12 3 4 7v10l8 4 8-4V7l-8-4Zm0 18V11m8-4-8 4-8-4"],
  ["replays", "Replay", "M4 12a8 8 0 1 0 3-6.2M4 4v5h5"],
];

const known = await settings().catch(() => ({}));
const api = new Api(renewKey);
const names = new Names(api);
let renewing = null;
let leaving = new AbortController();

start();

function start() {
  const form = signInForm(api, known.openId, () => {
    fill(document.getElementById("app"), frame());
    addEventListener("hashchange", show);
    show();
  });
  const title = el("h1", { tabindex: "-1" }, "Carrier allocation");
  fill(document.getElementById("app"),
    el("main", { class: "sign-in", id: "main" },
      el("div", { class: "sign-in-head" }, brandMark(), title, el("p", {}, known.stack ?? "")), form));
}

/** Ask for a key because the one in use is no longer taken. Calls that wait go on with the new one. */
function renewKey() {
  renewing ??= new Promise((resolve) => {
    const dialog = opened("Sign in again", [
      el("p", {}, "Your key or your sign-in is no longer accepted: it was changed, or it has expired. What is on the page stays."),
      signInForm(api, known.openId, () => {
        dialog.close();
        renewing = null;
        resolve();
      }),
    ], () => [button("Sign out", () => location.reload())], { canEscape: false });
  });
  return renewing;
}

function frame() {
  return el("div", { class: "frame" },
    el("header", { class: "side" },
      el("div", { class: "brand" }, brandMark(), el("div", {},
        el("span", { class: "brand-name" }, "Carrier allocation"),
        known.stack ? el("span", { class: "brand-stack" }, known.stack) : "")),
      el("nav", { "aria-label": "Main" }, el("ul", {}, NAVIGATION.map(([key, text, path]) =>
        el("li", {}, el("a", { href: `#/${key}`, "data-place": key }, icon(path), text))))),
      el("div", { class: "side-foot" }, themeSwitch(), button("Sign out", () => location.reload(), { class: "button plain" }))),
    el("main", { id: "main", tabindex: "-1" }));
}

function brandMark() {
  return el("img", { src: "icon.svg", alt: "", width: "32", height: "32" });
}

/** The theme is the reader's preference until it is switched. The switch is not stored: nothing of this page is. */
function themeSwitch() {
  const isDark = () => (document.documentElement.dataset.theme
    ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const control = el("button", { type: "button", class: "button plain", "aria-pressed": String(isDark()), on: { click: () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    control.setAttribute("aria-pressed", String(isDark()));
    dispatchEvent(new Event("themechange"));
  } } }, icon("M12 3a9 9 0 1 0 9 9 7 7 0 0 1-9-9Z"), "Dark");
  return control;
}

async function show() {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [parts, read, section] = placeOf(path || "orders");
  const main = document.getElementById("main");
  mark(section);
  main.setAttribute("aria-busy", "true");
  const slow = setTimeout(() => fill(main, skeleton(10)), 200);
  const view = await (read ?? (async () => null))().catch(() => ({ open: unreadPlace }));
  clearTimeout(slow);
  if (signal.aborted) return; // somebody has gone on meanwhile
  main.removeAttribute("aria-busy");
  fill(main, view ? view.open({ parts, query: new URLSearchParams(query), api, names, signal }) : unknownPlace());
  main.dataset.view = section ?? "";
  document.title = `${main.querySelector("h1")?.textContent ?? "Carrier allocation"} – Carrier allocation`;
  // Whoever follows a link begins at the new heading; whoever filters a list stays in the form.
  if (!main.contains(document.activeElement)) main.querySelector("h1")?.focus({ preventScroll: true });
  scrollTo(0, 0);
  announce(main.querySelector("h1")?.textContent ?? "");
}

function placeOf(path) {
  for (const [pattern, view, section] of PLACES) {
    const found = pattern.exec(path);
    if (found) return [found.slice(1).map((part) => part && decodeURIComponent(part)), view, section];
  }
  return [[], null, null];
}

function mark(section) {
  for (const each of document.querySelectorAll("nav a[data-place]")) {
    if (each.dataset.place === section) {
      each.setAttribute("aria-current", "page");
      each.scrollIntoView({ block: "nearest", inline: "center" });
    } else {
      each.removeAttribute("aria-current");
    }
  }
}

function unreadPlace() {
  const error = new Error("This part of the console could not be read. Check the connection, and try again.");
  return [el("h1", { tabindex: "-1" }, "Not loaded"), trouble(error, () => location.reload())];
}

function unknownPlace() {
  return [el("h1", { tabindex: "-1" }, "No such page"), empty("Nothing is here", "The address names no page of the console.",
    link("#/orders", "See the orders"))];
}

document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault(); // the hash is the place in the page
  document.getElementById("main")?.focus();
});

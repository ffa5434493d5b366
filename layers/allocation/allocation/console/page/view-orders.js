// Orders: find consignments, and see new ones come in without losing one's place.

import { segment } from "./api.js";
import { button, el, field, fill, link, select, whileBusy } from "./elements.js";
import { deliveryBy, moment, money, number } from "./formats.js";
import { announce, empty, skeleton, trouble } from "./states.js";
import { table, tableRow } from "./tables.js";
import { STATE_OPTIONS, stateText, stateTone, words } from "./words.js";

const TAKE = 50;
const REFRESH_MS = 15000;
// Empty pages that are read before the reader is asked whether to look further.
const MAX_EMPTY = 10;
const FILTERS = ["state", "carrier", "service", "day", "code", "cause"];
const SEARCHES = [
  ["order", "Order"],
  ["reference", "Consignment or your reference"],
  ["tracking", "Tracking number"],
];

export const orders = {
  open(place) {
    const list = new List(place);
    const form = el("div", {}, searchForm(place));
    place.names.ready().then(() => {
      // Names come later than the page: a form that is being used stays as it is.
      if (!form.contains(document.activeElement)) fill(form, searchForm(place));
    });
    list.start();
    return [
      el("div", { class: "view-head" }, el("h1", { tabindex: "-1" }, "Orders"), list.live),
      form,
      list.box,
    ];
  },
};

/** A consignment's state as a mark with its word. */
export function stateMark(state) {
  return el("span", { class: `mark ${stateTone(state)}` }, stateText(state));
}

function searchForm({ query, names }) {
  const searched = SEARCHES.find(([name]) => query.get(name));
  const text = el("input", { type: "search", name: "text", value: searched ? query.get(searched[0]) : "",
    autocomplete: "off", spellcheck: "false" });
  const kind = select(SEARCHES, searched?.[0] ?? "order", { name: "kind" });
  const filters = {
    state: select([["", "Any state"], ...STATE_OPTIONS], query.get("state") ?? ""),
    carrier: select([["", "Any carrier"], ...withAsked(names.carriers, query.get("carrier"))], query.get("carrier") ?? ""),
    service: select([["", "Any service"], ...withAsked(names.servicesOf(query.get("carrier") ?? ""), query.get("service"))],
      query.get("service") ?? ""),
    day: el("input", { type: "date", value: query.get("day") ?? "" }),
  };
  filters.carrier.addEventListener("change", () => fill(filters.service,
    [["", "Any service"], ...names.servicesOf(filters.carrier.value)].map(([value, name]) => el("option", { value }, name))));
  const search = (event) => {
    event.preventDefault();
    const asked = new URLSearchParams();
    const typed = text.value.trim();
    if (typed) asked.set(/^EC-[A-Z0-9-]+$/i.test(typed) ? "reference" : kind.value, typed);
    for (const [name, control] of Object.entries(filters)) if (control.value) asked.set(name, control.value);
    location.hash = `#/orders${asked.size ? `?${asked}` : ""}`;
  };
  const cause = query.get("cause");
  return el("form", { class: "search", role: "search", on: { submit: search } },
    el("div", { class: "search-text" }, field("Find", text), field("by", kind)),
    el("div", { class: "search-filters" }, field("State", filters.state), field("Carrier", filters.carrier),
      field("Service", filters.service), field("Day (UTC)", filters.day)),
    el("div", { class: "row" }, el("button", { type: "submit", class: "button primary" }, "Search"),
      query.size ? link("#/orders", "Clear the search") : ""),
    cause ? el("p", { class: "hint" }, "Only failures of one cause.") : "");
}

// A carrier that left the catalogue can still be searched for.
function withAsked(pairs, asked) {
  return !asked || pairs.some(([value]) => value === asked) ? pairs : [...pairs, [asked, asked]];
}

function columnsOf(names) {
  return [
    { title: "Consignment", wide: true, cell: (row) => [
      link(`#/consignments/${segment(row.consignment)}`, row.consignment), el("span", { class: "under" }, row.order)] },
    { title: "State", cell: (row) => [stateMark(row.state),
      row.failureCode && row.state === "AllocationFailed" ? el("span", { class: "under" }, words(row.failureCode)) : ""] },
    { title: "Service", cell: (row) => row.service
      ? [names.service(row.service), el("span", { class: "under" }, names.carrier(row.carrier))] : "–" },
    { title: "Price", number: true, cell: (row) => row.price ? money(row.price.gross, row.price.currency) : "–" },
    { title: "Delivered by", cell: (row) => deliveryBy(row.deliveredBy) },
    { title: "Decided", cell: (row) => moment(row.allocatedAt) },
  ];
}

/** The list: pages that were read, kept up to date in place. */
class List {
  rows = new Map(); // table rows by consignment
  versions = new Map();
  next = null;
  waiting = []; // newer consignments that are not shown yet

  constructor(place) {
    Object.assign(this, place);
    this.asked = Object.fromEntries([...SEARCHES.map(([name]) => name), ...FILTERS].map((name) => [name, this.query.get(name)]));
    this.box = el("section", { "aria-label": "Consignments", class: "list" }, skeleton(10));
    this.status = el("span", { class: "live-text" }, "");
    this.toggle = el("input", { type: "checkbox", checked: true });
    this.live = el("label", { class: "live" }, this.toggle, el("span", {}, "Live"), this.status);
  }

  async start() {
    fill(this.box, skeleton(10));
    try {
      const [page] = await Promise.all([this.read(), this.names.ready()]);
      this.columns = columnsOf(this.names);
      this.show(page);
      const timer = setInterval(() => this.refresh(), REFRESH_MS);
      this.signal.addEventListener("abort", () => clearInterval(timer));
    } catch (error) {
      if (!this.signal.aborted) fill(this.box, trouble(error, () => this.start()));
    }
  }

  /** Read a page. The API looks at a bounded number of entries: where few fit, a page may be empty and have a next one. */
  async read(next = null) {
    let page = { items: [], next };
    for (let tries = 0; tries < MAX_EMPTY && !page.items.length && (page.next || !tries); tries++) {
      page = await this.api.read("consignments", { ...this.asked, take: TAKE, next: page.next }, this.signal);
    }
    return page;
  }

  show({ items, next }) {
    if (this.signal.aborted) return;
    this.next = next;
    this.table = table("Consignments, newest first", this.columns, items, { keyOf: (row) => row.consignment });
    this.body = this.table.querySelector("tbody");
    items.forEach((item, index) => this.keep(item, this.body.children[index]));
    this.newer = el("div", { class: "newer" });
    this.foot = el("div", { class: "list-foot" });
    fill(this.box, this.newer, items.length || next ? this.table : this.nothing(), this.foot);
    this.showFoot();
    announce(`${number(items.length)} consignments`);
  }

  nothing() {
    return Object.values(this.asked).some(Boolean)
      ? empty("No consignment fits", "Nothing has all of these properties. Take one away, or search for an order's reference.",
        link("#/orders", "Clear the search"))
      : empty("No consignment yet", "Consignments appear here as soon as orders arrive on the queue or the API allocates them.");
  }

  showFoot() {
    const more = button(this.rows.size ? `Show ${TAKE} more` : "Nothing found so far: look further", () => whileBusy(more, () => this.more()));
    fill(this.foot, el("span", {}, this.rows.size ? `${number(this.rows.size)} shown, newest first` : ""), this.next ? more : "");
  }

  async more() {
    try {
      const { items, next } = await this.read(this.next);
      const before = this.rows.size;
      for (const item of items) if (!this.rows.has(item.consignment)) this.add(item, (row) => this.body.append(row));
      this.next = next;
      this.showFoot();
      announce(`${number(this.rows.size - before)} more consignments`);
    } catch (error) {
      if (!this.signal.aborted) fill(this.foot, trouble(error, () => this.more()));
    }
  }

  async refresh() {
    if (!this.toggle.checked || document.hidden) return;
    try {
      const { items } = await this.read();
      if (this.signal.aborted) return;
      fill(this.status, " · ", moment(new Date().toISOString(), { seconds: true }));
      this.take(items);
    } catch (error) {
      if (!this.signal.aborted) fill(this.status, ` · ${error.message}`);
    }
  }

  /** Change rows in place; new ones wait for a click where the reader has moved down or works in the table. */
  take(items) {
    if (!this.rows.size && items.length) return this.show({ items, next: this.next });
    for (const item of items) {
      const row = this.rows.get(item.consignment);
      if (row && this.versions.get(item.consignment) !== item.version && !row.contains(document.activeElement)) {
        const fresh = tableRow(this.columns, item, (each) => each.consignment);
        row.replaceWith(fresh);
        this.keep(item, fresh);
      }
    }
    const before = this.waiting.length;
    this.waiting = items.filter((item) => !this.rows.has(item.consignment));
    if (scrollY < 200 && !this.box.contains(document.activeElement)) this.showNewer();
    else if (this.waiting.length !== before) {
      fill(this.newer, button(`${this.waiting.length} newer: show`, () => this.showNewer()));
    }
  }

  showNewer() {
    for (const item of this.waiting.toReversed()) this.add(item, (row) => this.body.prepend(row));
    this.waiting = [];
    fill(this.newer);
    this.showFoot();
  }

  add(item, place) {
    const row = tableRow(this.columns, item, (each) => each.consignment);
    place(row);
    this.keep(item, row);
  }

  keep(item, row) {
    this.rows.set(item.consignment, row);
    this.versions.set(item.consignment, item.version);
  }
}

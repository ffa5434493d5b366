// How amounts, moments, days and numbers are written.

import { el } from "./elements.js";

const LOCALE = "en-GB";
const DATE = { day: "numeric", month: "short" };
const CLOCK = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const UTC = { timeZone: "UTC" };
const whole = new Intl.NumberFormat(LOCALE);
const shares = new Intl.NumberFormat(LOCALE, { style: "percent", maximumFractionDigits: 1 });
const currencies = new Map();

/** Return an amount such as `"3.90"` with its currency: £3.90. The text is never rounded through a float. */
export function money(amount, currency) {
  if (amount === null || amount === undefined || amount === "") return "–";
  if (!currency) return String(amount);
  const decimals = String(amount).split(".")[1]?.length ?? 0;
  const key = `${currency} ${decimals}`;
  if (!currencies.has(key)) currencies.set(key, amountFormat(currency, decimals));
  return currencies.get(key).format(amount);
}

function amountFormat(currency, decimals) {
  try {
    return new Intl.NumberFormat(LOCALE, { style: "currency", currency, minimumFractionDigits: decimals,
      maximumFractionDigits: decimals });
  } catch {
    return { format: (amount) => `${amount} ${currency}` }; // no currency that the browser knows
  }
}

/** Return an amount that says which way it goes: +£0.35. */
export function difference(amount, currency) {
  const text = money(amount, currency);
  return Number(amount) > 0 ? `+${text}` : text.replace("-", "−");
}

/** Return a sum of money texts, exact to four decimals, as text. */
export function sum(amounts) {
  const units = amounts.reduce((total, amount) => total + BigInt(Math.round(Number(amount) * 10000)), 0n);
  return (Number(units) / 10000).toFixed(2);
}

export function number(value) {
  return value === null || value === undefined ? "–" : whole.format(value);
}

export function share(part, all) {
  return all ? shares.format(part / all) : "–";
}

/** Return `1 service`, `2 services`. */
export function counted(count, noun, plural = `${noun}s`) {
  return `${number(count)} ${count === 1 ? noun : plural}`;
}

/** Return a `time` in the reader's zone, with UTC in its title. */
export function moment(text, { seconds = false } = {}) {
  const date = text ? new Date(text) : null;
  if (!date || Number.isNaN(date.getTime())) return el("span", {}, "–");
  const clock = seconds ? { ...CLOCK, second: "2-digit" } : CLOCK;
  const written = date.toLocaleString(LOCALE, { ...DATE, ...yearOf(date), ...clock });
  return el("time", { datetime: date.toISOString(), title: `${utc(date)} UTC` }, written);
}

/** Return the end of a delivery window: the destination's clock, which the API writes as UTC, or only its day. */
export function deliveryBy(text) {
  if (/^\d{4}-\d\d-\d\d$/.test(text ?? "")) return el("time", { datetime: text }, day(text));
  const date = text ? new Date(text) : null;
  if (!date || Number.isNaN(date.getTime())) return el("span", {}, "–");
  const written = date.toLocaleString(LOCALE, { ...DATE, ...yearOf(date), ...CLOCK, ...UTC });
  return el("time", { datetime: date.toISOString(), title: `${written}, on the destination's clock` }, written);
}

/** Return how long it is from one moment to another: 2 h 30 min, 3 days. */
export function span(from, to) {
  const minutes = Math.round((new Date(to) - new Date(from)) / 60000);
  if (!Number.isFinite(minutes) || minutes < 0) return "";
  if (minutes < 1) return `${Math.max(0, (new Date(to) - new Date(from)) / 1000).toFixed(1)} s`;
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h${minutes % 60 ? ` ${minutes % 60} min` : ""}`;
  return counted(Math.round(minutes / 1440), "day");
}

/** Return a day such as `2026-11-23` as people write it: Mon 23 Nov. */
export function day(text) {
  const date = new Date(`${text}T00:00:00Z`);
  return Number.isNaN(date.getTime()) ? text : date.toLocaleDateString(LOCALE, { weekday: "short", ...DATE, ...UTC });
}

/** Return the day in UTC, so many days before today, as the API writes days. */
export function daysAgo(count) {
  return new Date(Date.now() - count * 86400000).toISOString().slice(0, 10);
}

/** Return all days from one to another, both included, as the API writes days. */
export function daysBetween(from, to) {
  const first = Date.parse(`${from}T00:00:00Z`);
  const count = Math.round((Date.parse(`${to}T00:00:00Z`) - first) / 86400000) + 1;
  return Array.from({ length: count > 0 ? count : 0 }, (_, number) =>
    new Date(first + number * 86400000).toISOString().slice(0, 10));
}

function utc(date) {
  return date.toISOString().slice(0, 19).replace("T", " ");
}

function yearOf(date) {
  return date.getFullYear() === new Date().getFullYear() ? {} : { year: "numeric" };
}

// Elements of the page. Text is only ever set as text: data can't become markup.

/**
 * Return an element. `attributes`: `class`, `on` (listeners by event), `vars` (CSS variables), and any attribute;
 * true writes an empty one, and false, null and undefined leave it out. Children are elements or text.
 */
export function el(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

const SVG = "http://www.w3.org/2000/svg";

/** Return an SVG element; as `el`. */
export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

/** Return a small drawing of one path in a box of 24 by 24, hidden from screen readers. */
export function icon(path) {
  const drawing = svg("path", { d: path });
  return svg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" }, drawing);
}

/** Return a button that does something. */
export function button(text, onClick, attributes = {}) {
  return el("button", { type: "button", class: "button", ...attributes, on: { click: onClick } }, text);
}

/** Run a task while its control is busy: it keeps the focus, which a disabled one would lose, and starts nothing else. */
export async function whileBusy(control, task) {
  if (control.ariaDisabled === "true") return;
  control.ariaDisabled = "true";
  try {
    await task();
  } finally {
    control.ariaDisabled = null;
  }
}

/** Return a link to a place of this page, such as `#/orders`. */
export function link(href, ...children) {
  return el("a", { href }, ...children);
}

/** Replace what an element holds. */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

/** Return a labelled field: `control` gets an id, and `hint` describes it. */
export function field(label, control, hint = "") {
  const id = control.id || `field-${++fields}`;
  control.id = id;
  if (hint) control.setAttribute("aria-describedby", `${id}-hint`);
  return el("div", { class: "field" },
    el("label", { for: id }, label), control, hint && el("p", { class: "hint", id: `${id}-hint` }, hint));
}

/** Return a select of `[value, text]` pairs. */
export function select(options, value = "", attributes = {}) {
  return el("select", attributes,
    options.map(([each, text]) => el("option", { value: each, selected: each === value }, text)));
}

let fields = 0;

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (name === "vars") {
      // The CSSOM may set a style where the security policy forbids style attributes.
      for (const [variable, amount] of Object.entries(value)) element.style.setProperty(variable, amount);
    } else if (value === true) {
      element.setAttribute(name, "");
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value);
    }
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false && child !== "") element.append(child);
  }
}

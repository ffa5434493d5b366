// Dialogs: the browser's own modal `dialog` holds the focus, closes on Escape and gives the focus back.

import { button, el } from "./elements.js";

let dialogs = 0;

/** Ask before something is done. Return whether the reader agreed. */
export function confirmed(title, text, action, { isFinal = false } = {}) {
  return new Promise((resolve) => {
    const dialog = opened(title, [el("p", {}, text)], (close) => [
      button("Keep as it is", () => close("no"), { autofocus: true }),
      button(action, () => close("yes"), { class: isFinal ? "button danger" : "button primary" }),
    ]);
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"));
  });
}

/** Show something in a dialog with a button to close it. Return the dialog. */
export function shown(title, content, actions = []) {
  return opened(title, content, (close) => [button("Close", () => close("")), ...actions]);
}

/** Open a modal dialog; `footer(close)` gives its buttons. It is removed when it closes. */
export function opened(title, content, footer, { canEscape = true } = {}) {
  const id = `dialog-${++dialogs}`;
  const dialog = el("dialog", { class: "dialog", "aria-labelledby": id },
    el("h2", { id }, title), el("div", { class: "dialog-body" }, content));
  dialog.append(el("div", { class: "dialog-foot" }, footer((value) => dialog.close(value))));
  if (!canEscape) dialog.addEventListener("cancel", (event) => event.preventDefault());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

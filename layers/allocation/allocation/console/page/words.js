// The words for what the API answers in codes. Unknown codes are shown as words of their own.

/** Return `NoCarrierServiceAvailable` as "No carrier service available". */
export function words(code) {
  const spaced = String(code ?? "").replace(/Exception$/, "").replace(/([a-z0-9])([A-Z])/g, "$1 $2").replaceAll("_", " ");
  return spaced.charAt(0).toUpperCase() + spaced.slice(1).toLowerCase();
}

const STATES = {
  Allocated: ["Allocated", "good"],
  AllocationFailed: ["Failed", "bad"],
  Unallocated: ["Not allocated", "quiet"],
  Cancelled: ["Cancelled", "quiet"],
  ReadyToShip: ["Ready to ship", "good"],
  Manifesting: ["Manifesting", "quiet"],
  Manifested: ["Manifested", "good"],
  ManifestFailed: ["Manifest failed", "bad"],
  Dispatched: ["Dispatched", "good"],
};

/** The states that can be searched for, as `[value, text]`. */
export const STATE_OPTIONS = Object.entries(STATES).map(([value, [text]]) => [value, text]);

export function stateText(state) {
  return STATES[state]?.[0] ?? words(state);
}

/** Return `good`, `bad` or `quiet`. */
export function stateTone(state) {
  return STATES[state]?.[1] ?? "quiet";
}

const MODES = ["default_rules", "service_group", "carrier_service"];

/** What may decide in a trial, as `[value, text]`: the stack itself, or one of the modes. */
export const MODE_OPTIONS = [["", "As for an order"], ...MODES.map((mode) => [mode, words(mode)])];

const STEPS = {
  Received: ["Received", "quiet"],
  Allocated: ["Allocated", "good"],
  AllocationFailed: ["Failed", "bad"],
  Unallocated: ["Deallocated", "quiet"],
  Cancelled: ["Cancelled", "bad"],
  ReadyToShip: ["Ready to ship", "good"],
  Manifested: ["Manifested", "good"],
  ManifestFailed: ["Manifest failed", "bad"],
  Dispatched: ["Dispatched", "good"],
  Published: ["Published", "quiet"],
  UpdateRefused: ["Update refused", "warn"],
};

/** Return the text and the tone of a step in a consignment's life. */
export function stepOf(what) {
  return STEPS[what] ?? [words(what), "quiet"];
}

/** The actions on a consignment: what the button says, what is asked first, and what was done. */
export const ACTIONS = {
  retry: {
    button: "Try again",
    title: (reference) => `Try ${reference} again?`,
    text: "It is decided again under the catalogue in use now, in the mode that it was sent with.",
    done: (reference) => `${reference} was tried again.`,
  },
  deallocate: {
    button: "Deallocate",
    title: (reference) => `Deallocate ${reference}?`,
    text: "Its carrier service is given back, and its label is no longer valid. It can be allocated again.",
    done: (reference) => `${reference} is deallocated.`,
  },
  cancel: {
    button: "Cancel consignment",
    title: (reference) => `Cancel ${reference}?`,
    text: "Its carrier service is given back. A cancelled consignment can't be allocated again.",
    done: (reference) => `${reference} is cancelled.`,
    isFinal: true,
  },
};

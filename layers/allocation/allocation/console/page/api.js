// Calls of the API this page is served by. The key or the token is held here, in memory, and sent in a header: never in
// an address.

// Where this page lies, whatever stage or path stands before it.
const CONSOLE = new URL(".", import.meta.url);

/** A reader's right to call: an API key, or an OpenID token. */
export const withKey = (key) => ({ "ocp-apim-subscription-key": key });
export const withToken = (token) => ({ Authorization: `Bearer ${token}` });

/** A call that was refused, or had no answer. `message` is for people; `details` has more lines of it. */
export class CallError extends Error {
  constructor(message, status = 0, code = "", details = []) {
    super(message);
    this.name = "CallError";
    Object.assign(this, { status, code, details });
  }
}

/** The API, for one reader. `renewKey` asks the reader for a key when the one in use is no longer taken. */
export class Api {
  #right = {};

  constructor(renewKey) {
    this.renewKey = renewKey;
  }

  /** Use `withKey(key)` or `withToken(token)` from now on. */
  use(right) {
    this.#right = right;
  }

  /** Return whether a key or token is taken; other troubles are thrown. */
  async takes(right) {
    const reply = await sent(new URL("api/consignments?take=1", CONSOLE), { headers: right });
    if (reply.status === 401 || reply.status === 403) return false;
    if (!reply.ok) throw await refusal(reply);
    return true;
  }

  /** Read `path` below the console's API, such as `consignments`; empty values of `query` are left out. */
  async read(path, query = {}, signal = undefined) {
    const address = new URL(`api/${path}`, CONSOLE);
    for (const [name, value] of Object.entries(query)) if (value) address.searchParams.set(name, value);
    return this.#answer(address, { signal });
  }

  /** Send something to a path below the console's API, and return the answer. */
  async send(path, body, signal = undefined) {
    return this.#answer(new URL(`api/${path}`, CONSOLE), { method: "POST", body: JSON.stringify(body), signal });
  }

  /** Do something to a consignment: PRO's own operations, such as `consignments/EC-.../cancel`. */
  async put(path) {
    return this.#answer(new URL(`api/${path}`, CONSOLE), { method: "PUT" });
  }

  async #answer(address, options) {
    for (;;) {
      const headers = { ...this.#right, Accept: "application/json", "electio-api-version": "1.1" };
      if (options.body) headers["Content-Type"] = "application/json";
      const reply = await sent(address, { ...options, headers });
      if (reply.status === 401 || reply.status === 403) {
        await this.renewKey(); // then the same call again: what is on the page stays
        continue;
      }
      if (!reply.ok) throw await refusal(reply);
      const text = await reply.text();
      return text ? JSON.parse(text) : null;
    }
  }
}

/** Return the settings of this page, which hold no secret. */
export async function settings() {
  const reply = await sent(new URL("settings.json", CONSOLE), {});
  return reply.ok ? reply.json() : {};
}

/** Return a reference as a part of a path. */
export function segment(reference) {
  return encodeURIComponent(reference);
}

async function sent(address, options) {
  try {
    return await fetch(address, { ...options, credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new CallError("The API did not answer. Check the connection, and try again.");
  }
}

async function refusal(reply) {
  const answer = await reply.json().catch(() => ({}));
  const details = (answer.Details ?? []).map((each) => [each.Target, each.Message].filter(Boolean).join(": "));
  const busy = reply.status === 429 || reply.status >= 500;
  const text = answer.Message ?? (busy ? "The API is busy. Try again in a moment." : `The API answered ${reply.status}.`);
  return new CallError(text, reply.status, answer.Code ?? "", details);
}

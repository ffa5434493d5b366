// Signing in: a key is typed, or an OpenID provider says who it is. Either stays in this page's memory.

import { withKey, withToken } from "./api.js";
import { button, el, field, fill, whileBusy } from "./elements.js";
import { signInAt } from "./openid.js";

/** Return the form; `done` is called once the API takes the key or the token. */
export function signInForm(api, provider, done) {
  const message = el("p", { class: "form-error", role: "alert", id: "sign-in-error" });
  const key = el("input", { type: "password", name: "key", required: true, autocomplete: "off", spellcheck: "false",
    autocapitalize: "off", "aria-describedby": "sign-in-error" });
  const submit = el("button", { type: "submit", class: "button primary" }, "Sign in");

  const attempt = (right, refused) => whileBusy(submit, async () => {
    fill(message);
    try {
      const given = await right();
      if (await api.takes(given)) {
        key.value = "";
        api.use(given);
        done();
      } else {
        fill(message, refused);
      }
    } catch (error) {
      fill(message, error.message);
    }
  });

  const form = el("form", { class: "sign-in-form", novalidate: true, on: { submit: (event) => {
    event.preventDefault();
    const typed = key.value.trim();
    if (typed) attempt(() => withKey(typed), "The API does not know this key. Check it, or ask for a new one.");
    else fill(message, "Type your API key.");
  } } },
    field("API key", key, "Kept in this page's memory only: closing or reloading the page forgets it."), submit);
  if (provider) {
    const refused = "The provider knows you, but this console does not accept its token. Ask whoever runs the stack.";
    form.append(el("p", { class: "or" }, "or"),
      button("Sign in with your organisation", () => attempt(async () => withToken(await signInAt(provider)), refused)));
  }
  form.append(message);
  return form;
}

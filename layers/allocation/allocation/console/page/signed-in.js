// The end of an OpenID sign-in: hands the code to the console's window of the same origin, and closes.
// The code is useless without the verifier, which only that window holds, in memory.

import { CHANNEL } from "./openid.js";

const answer = new URLSearchParams(location.search);
const channel = new BroadcastChannel(CHANNEL);
channel.postMessage({
  state: answer.get("state"),
  code: answer.get("code"),
  error: answer.get("error_description") ?? answer.get("error"),
});
history.replaceState(null, "", location.pathname); // the code leaves the address bar and the history
channel.close();
window.close();

// Signing in at an OpenID provider: authorization code with PKCE (RFC 7636), in a window of its own.
//
// The verifier, the state, the nonce and the token live in this page's memory. Nothing is stored: that is why the provider's page
// opens in another window instead of replacing this one.

export const CHANNEL = "carrier-allocation-signed-in";
const MAX_WAIT_MS = 10 * 60 * 1000;

/** Return an ID token. `provider` has `issuer` and `clientId`. Throws `Error` with a sentence for people. */
export async function signInAt(provider) {
  const endpoints = await endpointsOf(provider.issuer);
  const [verifier, state, nonce] = [randomText(48), randomText(16), randomText(16)];
  const redirect = new URL("signed-in.html", document.baseURI).href.replace(/#.*$/, "");
  const address = new URL(endpoints.authorization_endpoint);
  for (const [name, value] of Object.entries({
    response_type: "code",
    client_id: provider.clientId,
    redirect_uri: redirect,
    scope: "openid",
    state,
    nonce,
    code_challenge: await challengeOf(verifier),
    code_challenge_method: "S256",
  })) {
    address.searchParams.set(name, value);
  }
  const answered = answerFor(state); // listens before the window opens
  // A window that is opened after a call may count as a pop-up that nobody asked for.
  if (!window.open(address, "_blank", "popup,width=480,height=680")) {
    answered.stop();
    throw new Error("The browser blocked the sign-in window. Allow windows of this page, and try again.");
  }
  const token = await tokenFor(endpoints.token_endpoint, provider.clientId, await answered.code, verifier, redirect);
  if (claimsOf(token).nonce !== nonce) { // OpenID Connect Core 1.0, 3.1.3.7: a token of another sign-in
    throw new Error("The provider's token is of another sign-in. Try again.");
  }
  return token;
}

function answerFor(state) {
  const channel = new BroadcastChannel(CHANNEL);
  let timer;
  const stop = () => {
    clearTimeout(timer);
    channel.close();
  };
  const code = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error("Nobody signed in within ten minutes. Try again.")), MAX_WAIT_MS);
    channel.addEventListener("message", ({ data }) => {
      if (data.state !== state) return; // another window's sign-in
      if (data.code) resolve(data.code);
      else reject(new Error(`The provider refused the sign-in: ${data.error ?? "it gave no reason"}.`));
    });
  });
  code.then(stop, stop);
  return { code, stop };
}

// OpenID Connect Discovery 1.0, section 4. The document names the issuer that was asked, character by character, and no
// address that is less safe than the issuer's own.
async function endpointsOf(issuer) {
  const address = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const reply = await fetch(address, { credentials: "omit" }).catch(() => null);
  const found = reply?.ok ? await reply.json().catch(() => ({})) : {};
  if (!found.authorization_endpoint || !found.token_endpoint) {
    throw new Error("The OpenID provider does not answer as one. Try again, or sign in with a key.");
  }
  if (found.issuer !== issuer) {
    throw new Error("The OpenID provider's document has another issuer. Ask whoever runs the stack to correct ConsoleOpenIdIssuer.");
  }
  const isSafe = (endpoint) => URL.canParse(endpoint) && new URL(endpoint).protocol === new URL(issuer).protocol;
  if (!isSafe(found.authorization_endpoint) || !isSafe(found.token_endpoint)) {
    throw new Error("The OpenID provider names an address that is not safe. Sign in with a key.");
  }
  return found;
}

/** Return what a token says, without judging its signature: that is the API's part. */
function claimsOf(token) {
  try {
    return JSON.parse(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));
  } catch {
    return {};
  }
}

async function tokenFor(endpoint, clientId, code, verifier, redirect) {
  const body = new URLSearchParams({
    grant_type: "authorization_code",
    client_id: clientId,
    code,
    redirect_uri: redirect,
    code_verifier: verifier,
  });
  const reply = await fetch(endpoint, { method: "POST", body, credentials: "omit" });
  const answer = await reply.json().catch(() => ({}));
  if (!reply.ok || !answer.id_token) {
    throw new Error(`The provider gave no token: ${answer.error_description ?? answer.error ?? `status ${reply.status}`}.`);
  }
  return answer.id_token;
}

async function challengeOf(verifier) {
  return base64Url(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier)));
}

function randomText(bytes) {
  return base64Url(crypto.getRandomValues(new Uint8Array(bytes)));
}

function base64Url(bytes) {
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

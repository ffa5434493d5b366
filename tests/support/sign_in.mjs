// Signs in at an OpenID provider by the console's own scripts, with another hand in it, and prints what came of it.
//
//   node sign_in.mjs PAGE SETTINGS     PAGE is the folder of the console's scripts; SETTINGS is JSON:
//     {issuer, clientId, base, attack, code}
//
// A window that the page opens follows the provider's redirect, and then runs signed-in.js as a window of its own would.

import { pathToFileURL } from "node:url";

const [folder, given] = process.argv.slice(2);
const { issuer, clientId, base, attack, code: foreign } = JSON.parse(given);
const script = (name) => `${pathToFileURL(folder)}/${name}`;
const asked = [];
const left = []; // what is left in the address bar
let windows = 0;

globalThis.document = { baseURI: base };
globalThis.history = { replaceState: (_, __, path) => left.push(path) };
globalThis.window = {
  close() {},
  open(address) {
    asked.push(address);
    arrive(address);
    return {};
  },
};

/** Run signed-in.js where the provider sends the window. */
async function land(address) {
  const at = new URL(address);
  globalThis.location = { search: at.search, pathname: at.pathname };
  await import(`${script("signed-in.js")}?window=${windows++}`);
  await new Promise((resolve) => setTimeout(resolve, 50)); // the channel delivers
}

async function arrive(address) {
  const back = new URL((await fetch(address, { redirect: "manual" })).headers.get("location"));
  if (attack === "foreign state") {
    await land(`${base}signed-in.html?code=${foreign}&state=guessed`);
    await land(`${base}signed-in.html?code=${foreign}`);
    await land(`${base}signed-in.html?error=stop&state=guessed`);
  }
  if (attack === "foreign code") back.searchParams.set("code", foreign);
  if (attack === "refused") back.search = `?error=access_denied&state=${back.searchParams.get("state")}`;
  await land(back.href);
}

const { signInAt } = await import(script("openid.js"));
const outcome = await signInAt({ issuer, clientId }).then((token) => ({ token }), (error) => ({ error: error.message }));
console.log(JSON.stringify({ ...outcome, asked, left }));
process.exit(0);

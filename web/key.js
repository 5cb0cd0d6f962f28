// The API key: asked for when the service wants one, and kept as long as the tab is open.

import { byId } from "./dom.js";

const STORE = "cogd-key";

/** The key that is used, or an empty text. */
export function currentKey() {
  return sessionStorage.getItem(STORE) ?? "";
}

let asking = null;

/**
 * Asks the person for a key, once however many calls need it; `wasWrong` if the last one did not
 * do. Gives whether there is a new one.
 */
export function askForKey(wasWrong) {
  asking ??= ask(wasWrong).finally(() => {
    asking = null;
  });
  return asking;
}

async function ask(wasWrong) {
  const dialog = byId("key-dialog");
  const field = byId("key");
  byId("key-wrong").hidden = !wasWrong;
  field.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((closed) => dialog.addEventListener("close", closed, { once: true }));
  const key = field.value.trim();
  field.value = "";
  if (dialog.returnValue !== "use" || !key) return false;
  sessionStorage.setItem(STORE, key);
  byId("forget-key").hidden = false;
  return true;
}

/** Makes the button that forgets the key work. */
export function setUpKey() {
  const forget = byId("forget-key");
  forget.hidden = !currentKey();
  forget.addEventListener("click", () => {
    sessionStorage.removeItem(STORE);
    forget.hidden = true;
  });
}

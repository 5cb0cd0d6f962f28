// What went wrong, where a person sees it.

import { byId, make } from "./dom.js";
import { inWords } from "./problems.js";

/** How long a note stays. */
const NOTE_MS = 5000;

/** Shows an error until the next attempt, and the fields that it is about. */
export function showFailure(error, settings) {
  const { text, fields, reference } = inWords(error, (field) => settings.label(field));
  const parts = [];
  if (text) parts.push(make("p", {}, text));
  if (fields.length === 1) parts.push(make("p", {}, fields[0].text));
  else if (fields.length) parts.push(make("ul", {}, ...fields.map((field) => make("li", {}, field.text))));
  if (reference) parts.push(make("p", { className: "hint" }, `Reference: ${reference}`));
  if (document.body.dataset.state === "empty") {
    // The panel is not there yet.
    note(text);
    return;
  }
  const place = byId("failure");
  place.replaceChildren(...parts);
  place.hidden = false;
  if (!settings.mark(fields.map(({ field }) => field))) place.focus({ preventScroll: true });
  place.scrollIntoView({ block: "nearest" });
}

/** Clears what was said of the attempt before. */
export function clearFailure() {
  byId("failure").hidden = true;
  byId("toast").hidden = true;
}

let fading = 0;

/** Shows a short note for a moment. */
export function note(text) {
  const toast = byId("toast");
  toast.textContent = text;
  toast.hidden = false;
  clearTimeout(fading);
  fading = setTimeout(() => {
    toast.hidden = true;
  }, NOTE_MS);
}

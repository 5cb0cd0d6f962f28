// Problems in words for people: what happened, and what to do about it.

import { bytes, duration } from "./numbers.js";

/** By the last part of the problem's type: what to say, from the problem and the wait in seconds. */
export const WORDS = {
  unreachable: () => "The service cannot be reached. Check your connection, then try again.",
  unauthenticated: () => "This service needs an API key. Ask whoever runs it for one.",
  "insufficient-scope": () =>
    "Your API key may not repair pictures. It needs the scope “restore”; ask whoever runs the service.",
  "body-too-large": ({ limit }) => `Picture and mask together are too large${upTo(limit, bytes)}.`,
  "file-too-large": ({ limit }) => `The picture is too large a file${upTo(limit, bytes)}.`,
  "unsupported-image": () =>
    "This kind of file is not read here. Use PNG, JPEG, WebP, TIFF or BMP.",
  "unreadable-image": () => "The picture is damaged or cut short. Try another copy of the file.",
  "too-many-pixels": ({ limit, actual }) =>
    `The picture has too many pixels${actual ? ` (${megapixels(actual)})` : ""}${upTo(limit, megapixels)}.`,
  "too-many-frames": () => "The file holds several pictures. Save the one you want as a file.",
  "too-much-memory": () => "The picture would take too much memory. Save a smaller copy of it.",
  "mask-mismatch": () => "The mask does not have the size of the picture.",
  "nothing-known": () =>
    "Everything is painted, so there is nothing left to repair from. Erase some of it, or invert it.",
  "output-impossible": () => "A picture of this size does not fit into this format. Choose another.",
  "model-unavailable": () => "This engine cannot run now. Choose another one.",
  "unknown-model": () => "This engine is not there any more. Choose another one.",
  "too-busy": (_, wait) => `The service is busy. Try again ${soon(wait)}.`,
  "too-many-jobs": (_, wait) => `The service has too many jobs waiting. Try again ${soon(wait)}.`,
  "too-many-requests": (_, wait) => `That was too often. Try again ${soon(wait)}.`,
  "shutting-down": (_, wait) => `The service is being restarted. Try again ${soon(wait)}.`,
  "storage-unavailable": (_, wait) =>
    `The service cannot reach its storage. Try again ${soon(wait)}; nothing is lost.`,
  "storage-full": () => "The service has no space left for the picture. Tell whoever runs it.",
  "deadline-exceeded": ({ limit }) =>
    `This took too long${upTo(limit, duration)}. Ask for fewer iterations, or take a smaller picture.`,
  "request-timeout": () => "The picture took too long to arrive. Check your connection, then try again.",
  "unknown-job": () => "The job is gone: it was deleted or its time was over. Repair again.",
  "workers-lost": () => "The service lost everyone who worked on this. Tell whoever runs it.",
  "internal-error": () => "The service failed. That is its fault, not yours.",
};

const upTo = (limit, show) => (limit ? `; at most ${show(limit)}` : "");
const soon = (wait) => (wait ? `in ${duration(wait)}` : "in a moment");
const megapixels = (count) => `${(count / 1e6).toFixed(count < 1e7 ? 1 : 0)} megapixels`;

/**
 * An error in words: `text`, what is wrong with which `fields` of the request, and a `reference` to
 * give to whoever runs the service. `label` gives the name that a field has on the page.
 */
export function inWords(error, label) {
  if (!error.problem) return { text: error.message, fields: [], reference: "" };
  const { problem, slug, retryAfter } = error;
  const fields = (problem.errors ?? []).map(({ field, message, actual }) => {
    const given = actual === undefined || actual === null ? "" : ` (it is ${actual})`;
    return { field, text: `${label(field)} ${message}${given}.` };
  });
  const known = WORDS[slug]?.(problem, retryAfter);
  const text = known ?? (fields.length ? "" : sentence(problem.detail ?? problem.title));
  // Nobody needs it for what they can mend themselves.
  const reference = problem.status >= 500 ? (problem.request_id ?? "") : "";
  return { text, fields, reference };
}

function sentence(text) {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}

// How far the work has come.

import { byId, make } from "./dom.js";
import { showFigures } from "./figures.js";
import { inlinePicture } from "./inline.js";
import { bytes, duration } from "./numbers.js";

const STAGES = {
  decode: "Reading the picture",
  solve: "Repairing",
  encode: "Writing the picture",
};

/** The sending of so many bytes has begun. */
export function showSending(size) {
  show(`Sending ${bytes(size)}`, null, []);
  byId("draft").replaceChildren();
}

/** A draft of the picture, in place of the one before. */
export function showDraft(preview) {
  const words = make("figcaption", {}, `Draft after ${preview.iteration} iterations`);
  byId("draft").replaceChildren(inlinePicture(preview, "Draft of the repaired picture"), words);
}

/** The result is on its way back. */
export function showFetching() {
  show("Fetching the result", 1, []);
}

/** A job as it stands, or stood when it was last heard of. */
export function showJob(job, isCutOff = false) {
  const { stage = "", iteration = 0, iterations = 0, residual, remaining_s: left } = job.progress ?? {};
  const figures = [];
  if (iterations) figures.push(["Iteration", `${iteration} of ${iterations}`]);
  if (residual !== undefined) figures.push(["Residual", residual.toExponential(1)]);
  if (left !== undefined && stage === "solve") figures.push(["Time left", `about ${duration(left)}`]);
  if (job.attempts > 1) figures.push(["Attempt", `${job.attempts} of ${job.max_attempts}`]);
  const isStopping = job.cancel_requested && job.state === "running";
  let words = job.state === "queued" ? "Waiting for its turn" : (STAGES[stage] ?? "Beginning");
  if (isStopping) words = "Stopping";
  if (isCutOff) words = "The connection is lost; trying again";
  show(words, iterations ? iteration / iterations : null, figures);
}

function show(words, share, figures) {
  const name = byId("stage-name");
  // Said once, not with every event.
  if (name.textContent !== words) name.textContent = words;
  const bar = byId("progress");
  if (share === null) bar.removeAttribute("value");
  else bar.value = share;
  showFigures("progress-figures", figures);
}

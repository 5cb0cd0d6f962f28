// What was done, once it is done.

import { call } from "./api.js";
import { byId, make } from "./dom.js";
import { showFigures } from "./figures.js";
import { duration, percent, size } from "./numbers.js";

const WARNINGS = {
  "empty-mask": "Nothing was painted, so nothing was changed.",
  "noise-unknown": "Too little is known to estimate the noise, so none was removed.",
  "alpha-dropped": "The format has no transparency: it was laid over white.",
  "depth-reduced": "The format has 8 bits a sample: finer steps were rounded.",
  "profile-dropped": "The colour profile could not be kept.",
  "exif-dropped": "What the camera noted (EXIF) could not be kept.",
  "ink-converted": "Colours of print (CMYK) were converted to RGB.",
  enlarged: "A hole was larger than the engine takes: it lacks fine detail.",
};

/** In the order in which they come. */
const STAGES = { queue: "Waited", decode: "Reading", solve: "Repairing", encode: "Writing" };

/** Shows warnings, by their names, in words. */
export function showWarnings(names) {
  byId("warnings").replaceChildren(...names.map((name) => make("li", {}, WARNINGS[name] ?? name)));
}

/** Shows the report of a job, and `known`, what became of the pixels that were not painted. */
export function showReport({ report, timings_ms: timings }, device, known) {
  const figures = [
    ["Engine", report.dictionary ? `${report.engine}, ${report.dictionary}` : report.engine],
    ["Computed by", device],
    ["Picture", size(report.width, report.height)],
    ["Changed", percent(report.mask_coverage)],
    ["Places", String(report.regions)],
  ];
  if (report.task === "reconstruct") figures.splice(3, 1);
  if (report.iterations) figures.push(["Iterations", String(report.iterations)]);
  if (report.residual) figures.push(["Last residual", report.residual.toExponential(1)]);
  if (report.sigma !== null) figures.push(["Noise removed", `σ ${report.sigma.toFixed(1)} of 255`]);
  figures.push(["Not painted", known]);
  for (const [stage, name] of Object.entries(STAGES)) {
    if (stage in timings) figures.push([name, duration(timings[stage] / 1000)]);
  }
  showFigures("report", figures);
}

/** Where an engine computes, in words. */
export async function deviceOf(engine) {
  try {
    const system = await (await call("v1/system")).json();
    const model = system.models.find(({ name, version }) => [name, `${name}:${version}`].includes(engine));
    if (model) return model.device;
    const { compute } = system.threads;
    return `processor, ${compute} ${compute === 1 ? "thread" : "threads"}`;
  } catch {
    // The report says enough without it.
    return "not told";
  }
}

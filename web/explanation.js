// How a result came about: its iterations as curves, what the codes do not explain of the picture,
// and what simpler ways make of it.

import { call } from "./api.js";
import { line } from "./curve.js";
import { byId, make } from "./dom.js";
import { inlinePicture } from "./inline.js";

/** Parameters that ask for it. */
export const EXPLAINING = ["report", "compare"];

/** A residual of nothing has no logarithm. */
const SMALLEST = 1e-9;

const FILLERS = { harmonic: "Harmonic: as smooth as can be", telea: "Telea: fast marching" };

/** The result of a job that explains itself, as JSON. */
export async function explained(job) {
  return (await call(`v1/jobs/${job.id}/result`, { headers: { Accept: "application/json" } })).json();
}

/** Shows how a result came about; `null` takes away what was shown before. */
export function showExplanation(result) {
  const { iterations = [], residual_map: map, comparisons = [] } = result?.explanation ?? {};
  byId("curves").hidden = iterations.length < 2;
  if (iterations.length >= 2) showCurves(iterations);
  byId("residual-map").hidden = !map;
  if (map) showMap(map);
  byId("comparisons").hidden = !comparisons.length;
  byId("compared").replaceChildren(
    ...(comparisons.length ? [figure(result, "cogd"), ...comparisons.map((other) => figure(other, FILLERS[other.filler] ?? other.filler))] : []),
  );
  byId("explanation").hidden = !(iterations.length >= 2 || map || comparisons.length);
}

function showCurves(iterations) {
  const residuals = iterations.map(({ residual }) => Math.log10(Math.max(residual, SMALLEST)));
  const objectives = iterations.map(({ objective }) => objective).filter((value) => value !== undefined && value !== null);
  byId("residual-line").setAttribute("points", line(residuals));
  byId("objective-line").setAttribute("points", objectives.length > 1 ? line(objectives) : "");
  byId("objective-key").hidden = objectives.length < 2;
  const told = (name, values) => `${name} from ${short(values[0])} to ${short(values.at(-1))}`;
  const parts = [told("Residual", iterations.map(({ residual }) => residual))];
  if (objectives.length > 1) parts.push(told("objective", objectives));
  byId("curves-title").textContent = `${parts.join(", ")}, in ${iterations.length} iterations`;
}

function showMap(map) {
  const alt = "Map of the picture: the brighter, the less of it the codes explain";
  const words = `What the codes do not explain. White is ${short(map.white)} of the full range.`;
  byId("residual-map").replaceChildren(inlinePicture(map, alt), make("figcaption", {}, words));
}

function figure(picture, words) {
  return make("figure", {}, inlinePicture(picture, `The picture, filled by ${words}`), make("figcaption", {}, words));
}

function short(value) {
  return value !== 0 && Math.abs(value) < 0.01 ? value.toExponential(1) : Number(value.toPrecision(3)).toString();
}

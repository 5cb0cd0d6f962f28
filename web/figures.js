// Lists of names and values.

import { byId, make } from "./dom.js";

/** Shows pairs of name and value in the list of that id. */
export function showFigures(id, pairs) {
  const items = pairs.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]);
  byId(id).replaceChildren(...items);
}

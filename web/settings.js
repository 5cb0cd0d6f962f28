// What is asked of the service: a form made from what it says it can do.

import { call } from "./api.js";
import { byId, make } from "./dom.js";

/** Parameters that have a better name than their own. */
const NAMES = {
  image: "The picture",
  mask: "The mask",
  engine: "Engine",
  sigma: "Noise",
  mask_dilate: "Widen by",
  mask_feather: "Blend over",
  output_format: "Format",
};

const HINTS = {
  inpaint: "Paint over what should go, then press Repair.",
  reconstruct: "The whole picture is cleaned; what is painted is filled as well.",
};

/** What there is before the service has told more. */
const UNKNOWN = [{ name: "auto", summary: "", tasks: ["inpaint", "reconstruct"], parameters: [], dictionaries: [] }];

/** The form of the settings. */
export class Settings {
  constructor() {
    this.form = byId("settings");
    this.engines = UNKNOWN;
    for (const radio of this.form.elements.task) radio.addEventListener("change", () => this.#offer());
    this.form.elements.engine.addEventListener("change", () => this.#showEngine());
    this.form.addEventListener("input", (event) => event.target.removeAttribute("aria-invalid"));
    this.#offer();
  }

  /** Asks the service what it can do. */
  async load() {
    const { engines } = await (await call("v1/engines")).json();
    this.engines = engines;
    this.#offer();
  }

  /** `inpaint` or `reconstruct`. */
  get task() {
    return this.form.elements.task.value;
  }

  /** What was set to other than its default, as pairs of name and value. */
  parameters() {
    const named = [...this.form.elements].filter(({ name, dataset }) => name && "default" in dataset);
    const given = ({ type, checked, value, dataset }) => (type === "checkbox" && !checked ? dataset.default : value.trim());
    const fields = named.map((element) => [element.name, given(element), element.dataset.default]);
    return fields.filter(([, value, usual]) => value !== usual).map(([name, value]) => [name, value]);
  }

  /** The name that a field of the request has on the page. */
  label(field) {
    const words = field.replaceAll("_", " ");
    return NAMES[field] ?? words.charAt(0).toUpperCase() + words.slice(1);
  }

  /** Shows which fields are wrong, and goes to the first of them that is on the page. */
  mark(fields) {
    const elements = fields.map((name) => this.form.elements[name]).filter(Boolean);
    for (const element of elements) element.setAttribute("aria-invalid", "true");
    if (!elements.length) return false;
    byId("more").open = true;
    elements[0].focus();
    return true;
  }

  #offer() {
    byId("task-hint").textContent = HINTS[this.task];
    const { engine } = this.form.elements;
    const chosen = engine.value;
    const able = this.engines.filter(({ tasks }) => tasks.includes(this.task));
    engine.replaceChildren(...able.map(({ name }) => make("option", { value: name }, name)));
    engine.dataset.default = "auto";
    engine.value = able.some(({ name }) => name === chosen) ? chosen : (able[0]?.name ?? "");
    for (const id of ["mask_dilate", "mask_feather"]) byId(id).dataset.default = "0";
    this.#showEngine();
  }

  #showEngine() {
    const engine = this.engines.find(({ name }) => name === this.form.elements.engine.value);
    if (!engine) return;
    const notes = [engine.summary];
    if (engine.generative) notes.push("It makes up what it does not know.");
    if (engine.licence) notes.push(`Licence: ${engine.licence}.`);
    byId("engine-summary").textContent = notes.join(" ");
    const able = engine.parameters.filter(({ tasks }) => tasks.includes(this.task));
    const given = new Map(this.parameters());
    const fields = able.map((parameter) => this.#field(parameter, engine, given.get(parameter.name)));
    byId("parameters").replaceChildren(...fields);
  }

  #field(parameter, engine, given) {
    const { name, help } = parameter;
    const usual = parameter.default === null || parameter.default === undefined ? "" : String(parameter.default);
    const common = { id: `of-${name}`, name, "aria-describedby": `about-${name}` };
    const control =
      name === "dictionary" && engine.dictionaries.length
        ? make("select", common, ...engine.dictionaries.map((value) => make("option", { value }, value)))
        : entry(parameter, common);
    control.dataset.default = usual;
    control.value = given ?? usual;
    const label = make("label", { for: common.id }, this.label(name));
    return make("div", { className: "field" }, label, control, make("p", { className: "hint", id: `about-${name}` }, help));
  }
}

function entry({ kind, minimum, maximum, default: usual }, common) {
  if (kind === "string") return make("input", { ...common, type: "text" });
  const range = { min: minimum ?? "", max: maximum ?? "", step: kind === "integer" ? "1" : "any" };
  const placeholder = usual === null || usual === undefined ? "estimated" : "";
  return make("input", { ...common, ...range, placeholder, type: "number" });
}

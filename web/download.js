// The result as a file, in any format that the service writes.

import { byId, make, save } from "./dom.js";
import { convert } from "./source.js";

/** Format, name on the page, ending of the file, whether it has a quality. */
const FORMATS = [
  ["png", "PNG", "png", false],
  ["jpeg", "JPEG", "jpg", true],
  ["webp", "WebP", "webp", false],
  ["tiff", "TIFF", "tif", false],
  ["bmp", "BMP", "bmp", false],
];

const find = (format) => FORMATS.find(([name]) => name === format) ?? FORMATS[0];

/** The name of a result, after the name of the picture. */
export function resultName(name, format) {
  return `${name.replace(/\.[^.]*$/, "") || "picture"}-repaired.${find(format)[2]}`;
}

/** The format of a file by its ending or its type, or PNG. */
export function formatOf({ name, type }) {
  const ending = name.split(".").at(-1).toLowerCase();
  const known = FORMATS.find(([format, , usual]) => [format, usual].includes(ending));
  return (known ?? FORMATS.find(([format]) => type === `image/${format}`) ?? FORMATS[0])[0];
}

/** The choice of a format and of its quality. */
export class Download {
  constructor() {
    this.format = byId("format");
    this.quality = byId("quality");
    this.format.append(...FORMATS.map(([value, label]) => make("option", { value }, label)));
    this.format.addEventListener("change", () => this.#show());
    this.quality.addEventListener("input", () => this.#show());
  }

  /** Offers the format of this file first. */
  offer(file) {
    this.format.value = formatOf(file);
    this.#show();
  }

  /** What is asked for, as pairs of name and value. */
  parameters() {
    const quality = find(this.format.value)[3] && this.quality.value !== "92";
    return [["output_format", this.format.value], ...(quality ? [["quality", this.quality.value]] : [])];
  }

  /** Saves a result, which is a PNG, in the format that is chosen. Gives the warnings of that. */
  async save(result, name) {
    const [format, , , hasQuality] = find(this.format.value);
    let file = result;
    if (format !== "png") file = await convert(result, format, hasQuality ? this.quality.value : null);
    save(file, resultName(name, format));
    return file.warnings ?? [];
  }

  #show() {
    byId("quality-field").hidden = !find(this.format.value)[3];
    byId("quality-value").textContent = this.quality.value;
  }
}

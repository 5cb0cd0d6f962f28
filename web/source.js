// Where pictures come from: chosen, dropped, pasted, or the sample.

import { call } from "./api.js";
import { byId } from "./dom.js";
import { Picture } from "./picture.js";

/** Calls `open` with every file that a person brings, and `openSample` when asked for the sample. */
export function setUpSources(open, openSample) {
  const chooser = byId("file");
  for (const id of ["choose", "open"]) byId(id).addEventListener("click", () => chooser.click());
  chooser.addEventListener("change", () => {
    const [file] = chooser.files;
    // Else the same file could not be chosen again.
    chooser.value = "";
    if (file) open(file);
  });
  byId("sample").addEventListener("click", openSample);
  setUpDrop(open);
  document.addEventListener("paste", (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
    if (!file) return;
    event.preventDefault();
    open(file);
  });
}

function setUpDrop(open) {
  const isFile = (event) => event.dataTransfer?.types.includes("Files");
  const mark = (over) => document.body.classList.toggle("dropping", over);
  document.addEventListener("dragover", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    mark(true);
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) mark(false);
  });
  document.addEventListener("drop", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    mark(false);
    const [file] = event.dataTransfer.files;
    if (file) open(file);
  });
}

/** The sample: a picture and the mask that belongs to it. */
export async function fetchSample() {
  const file = async (name) => (await call(`playground/${name}`)).blob();
  const [image, mask] = await Promise.all([file("sample.png"), file("sample-mask.png")]);
  return { image: new File([image], "still-life.png", { type: "image/png" }), mask };
}

/**
 * Decodes a file; what the browser cannot read, such as TIFF, is shown as the service reads it.
 * Gives the picture and the file that is `shown`.
 */
export async function decode(file) {
  try {
    return { picture: await Picture.decode(file), shown: file };
  } catch {
    const shown = await convert(file, "png");
    return { picture: await Picture.decode(shown), shown };
  }
}

/**
 * A file of the very samples that the service has decoded. What is lossy may be decoded in more
 * than one way, and browsers choose another one.
 */
export async function asServiceReads(file) {
  return /^image\/(png|bmp)$/.test(file.type) ? file : convert(file, "png");
}

/**
 * Has a file written in another format, its pixels as they are: noise of no strength is removed.
 * Gives the file with the `warnings` of the service, by their names.
 */
export async function convert(file, format, quality) {
  const body = new FormData();
  body.append("image", file);
  body.append("sigma", "0");
  body.append("output_format", format);
  if (quality) body.append("quality", quality);
  const response = await call("v1/reconstruct", { method: "POST", body });
  const blob = await response.blob();
  const warnings = response.headers.get("x-warning");
  return Object.assign(blob, { warnings: warnings ? warnings.split(/,\s*/) : [] });
}

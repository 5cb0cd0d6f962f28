// From the button to the result.

import { ServiceError } from "./api.js";
import { command } from "./curl.js";
import { showCommand } from "./dialogs.js";
import { byId, save } from "./dom.js";
import { Download, resultName } from "./download.js";
import { EXPLAINING, explained, showExplanation } from "./explanation.js";
import { clearFailure, note, showFailure } from "./failure.js";
import { restore, result } from "./job.js";
import { currentKey } from "./key.js";
import { compareKnown, knownInWords } from "./known.js";
import { Picture } from "./picture.js";
import { encodeMask } from "./png.js";
import { showDraft, showFetching, showJob, showSending } from "./progress.js";
import { deviceOf, showReport, showWarnings } from "./report.js";
import { asServiceReads } from "./source.js";

/** Drafts of the picture that are shown while the service works, at most. */
const DRAFTS = "16";

/** Has the picture on the easel repaired, and shows what comes of it. */
export class Repair {
  /** `page` knows the `file` that is open, what is `shown` of it, and the `state` to be in. */
  constructor(page, stage, easel, settings) {
    Object.assign(this, { page, stage, easel, settings, stop: null, done: null });
    this.download = new Download();
    byId("settings").addEventListener("submit", (event) => {
      event.preventDefault();
      this.run();
    });
    byId("cancel").addEventListener("click", () => this.cancel());
    byId("download").addEventListener("click", () => this.save());
    byId("copy-curl").addEventListener("click", () => this.showCommand());
  }

  async run() {
    if (this.page.state !== "editing") return;
    const { task } = this.settings;
    const { mask } = this.easel;
    clearFailure();
    if (task === "inpaint" && !mask.painted) {
      showFailure(new Error("Paint over what should be repaired first."), this.settings);
      return;
    }
    this.stop = new AbortController();
    this.page.go("running");
    byId("cancel").focus();
    try {
      await this.#work(task, mask.painted ? await encodeMask(mask) : null);
    } catch (error) {
      this.page.go("editing");
      byId("run").focus();
      if (error.name === "AbortError") note("Cancelled. Nothing was changed.");
      else showFailure(error, this.settings);
    }
    this.stop = null;
  }

  cancel() {
    this.stop?.abort();
  }

  async #work(task, mask) {
    const { file } = this.page;
    const parameters = this.settings.parameters();
    const parts = [["image", file, file.name], ...parameters];
    if (mask) parts.push(["mask", mask, "mask.png"]);
    // Exact whatever is downloaded later; other formats are written from it.
    parts.push(["output_format", "png"], ["previews", DRAFTS]);
    showSending(file.size + (mask?.size ?? 0));
    const job = await restore(task, parts, { show: showJob, draw: showDraft }, this.stop.signal);
    showFetching();
    const blob = await result(job);
    const picture = await Picture.decode(blob).catch(() => {
      throw new ServiceError({ title: "The result cannot be shown by this browser." });
    });
    this.done = { task, file, parameters, mask, job, blob };
    this.stage.showAfter(picture);
    this.download.offer(file);
    showWarnings(job.report.warnings);
    showExplanation(null);
    this.page.go("done");
    byId("outcome-title").focus({ preventScroll: true });
    this.stage.element.scrollIntoView({ block: "nearest" });
    this.#report(this.done);
    if (parameters.some(([name]) => EXPLAINING.includes(name))) this.#explain(this.done);
  }

  async #explain(done) {
    try {
      const result = await explained(done.job);
      if (this.done === done) showExplanation(result);
    } catch (error) {
      showFailure(error, this.settings);
    }
  }

  async #report(done) {
    const { job, file, blob, mask, parameters } = done;
    showReport(job, "…", "comparing…");
    const given = Object.fromEntries(parameters);
    const reach = Number(given.mask_dilate ?? 0) + Number(given.mask_feather ?? 0);
    const compared = asServiceReads(this.page.shown).then((before) =>
      compareKnown(before, blob, mask, mask ? reach : 0),
    );
    const words = compared.then(knownInWords, () => "cannot be compared here");
    const [device, known] = await Promise.all([deviceOf(job.report.engine), words]);
    // Meanwhile another one may have been made.
    if (this.done === done) showReport(job, device, known);
  }

  async save() {
    clearFailure();
    try {
      const { blob, file, job } = this.done;
      const warnings = await this.download.save(blob, file.name);
      showWarnings([...new Set([...job.report.warnings, ...warnings])]);
    } catch (error) {
      showFailure(error, this.settings);
    }
  }

  /** The result as a file, to go on with. */
  asFile() {
    const { blob, file } = this.done;
    return new File([blob], resultName(file.name, "png"), { type: blob.type });
  }

  showCommand() {
    const { task, file, parameters, mask } = this.done;
    const format = this.download.parameters();
    const text = command({
      task,
      image: file.name,
      // With these the answer would be JSON.
      parameters: [...parameters.filter(([name]) => !EXPLAINING.includes(name)), ...format],
      hasMask: mask !== null,
      needsKey: currentKey() !== "",
      output: resultName(file.name, format[0][1]),
    });
    showCommand(text, mask && (() => save(mask, "mask.png")));
  }
}

// The buttons around the picture, and what they show.

import { byId } from "./dom.js";
import { percent } from "./numbers.js";

/** Diameter of the brush at the start, as a share of the shorter side of the picture. */
const USUAL = 0.035;
/** The same of the widest brush. */
const WIDEST = 0.5;
const STEP = 6;

export class Toolbar {
  constructor(stage, easel, cursor) {
    Object.assign(this, { stage, easel, cursor });
    this.slider = byId("brush-size");
    this.buttons = [...document.querySelectorAll("[data-tool]")];
    for (const button of this.buttons) {
      button.addEventListener("click", () => easel.take(button.dataset.tool));
    }
    this.slider.addEventListener("input", () => this.#size());
    for (const name of ["undo", "redo", "invert", "clear"]) {
      byId(name).addEventListener("click", () => easel[name]());
    }
    const zooms = { "zoom-in": "zoomIn", "zoom-out": "zoomOut", "zoom-fit": "fit", zoom: "actual" };
    for (const [id, name] of Object.entries(zooms)) byId(id).addEventListener("click", () => this[name]());
  }

  /** A new picture: the brush fits it. */
  open(width, height) {
    const side = Math.min(width, height);
    this.widest = Math.max(8, side * WIDEST);
    this.slider.value = (100 * Math.log(Math.max(2, side * USUAL))) / Math.log(this.widest);
    this.#size();
  }

  smaller() {
    this.#step(-STEP);
  }

  larger() {
    this.#step(STEP);
  }

  zoomIn() {
    this.#zoom(this.stage.viewport.scale * 1.5);
  }

  zoomOut() {
    this.#zoom(this.stage.viewport.scale / 1.5);
  }

  actual() {
    this.#zoom(1);
  }

  fit() {
    this.stage.viewport.fit();
    this.stage.redraw();
  }

  /** Shows the tool in hand. */
  showTool() {
    document.body.dataset.toolNow = this.easel.name;
    // Over a result no tool is in hand: it can be moved, and taking a tool leads back.
    const inHand = document.body.dataset.state === "done" ? null : this.easel.name;
    for (const button of this.buttons) {
      button.setAttribute("aria-pressed", String(button.dataset.tool === inHand));
    }
    this.cursor.update();
  }

  /** Shows what is painted and what can be undone. */
  showMask() {
    const { mask, history } = this.easel;
    byId("undo").disabled = !history.canUndo;
    byId("redo").disabled = !history.canRedo;
    byId("coverage").textContent = mask.painted ? `${percent(mask.coverage)} painted` : "Nothing painted";
  }

  showZoom() {
    const scale = 100 * this.stage.viewport.scale;
    byId("zoom").textContent = `${scale < 10 ? scale.toFixed(1) : Math.round(scale)} %`;
  }

  /** Shows a place of the picture; nothing if the pointer has left it. */
  showPlace(at) {
    const { mask } = this.easel;
    const isInside = at && mask && at.x >= 0 && at.y >= 0 && at.x < mask.width && at.y < mask.height;
    byId("place").textContent = isInside ? `${Math.floor(at.x)}, ${Math.floor(at.y)}` : "";
  }

  #zoom(scale) {
    this.stage.viewport.zoomTo(scale);
    this.stage.redraw();
  }

  #step(change) {
    this.slider.value = Number(this.slider.value) + change;
    this.#size();
  }

  #size() {
    // Equal steps of the slider are equal ratios.
    const diameter = Math.round(this.widest ** (this.slider.value / 100));
    this.easel.radius = diameter / 2;
    byId("brush-pixels").textContent = `${diameter} px`;
    this.slider.setAttribute("aria-valuetext", `${diameter} pixels`);
    this.cursor.update();
  }
}

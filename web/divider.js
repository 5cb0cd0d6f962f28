// The line between before and after: dragged, or moved with the arrows.

import { byId } from "./dom.js";

const STEPS = {
  ArrowLeft: -2, ArrowDown: -2, ArrowRight: 2, ArrowUp: 2, PageDown: -10, PageUp: 10,
  Home: -100, End: 100,
};

/** The slider over the picture. */
export class Divider {
  constructor(stage) {
    this.stage = stage;
    this.element = byId("divider");
    this.element.addEventListener("keydown", (event) => {
      const step = STEPS[event.key];
      if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.set(this.stage.split + step / 100);
    });
    this.element.addEventListener("pointerdown", (event) => {
      this.element.setPointerCapture(event.pointerId);
    });
    this.element.addEventListener("pointermove", (event) => {
      if (!this.element.hasPointerCapture(event.pointerId)) return;
      this.set(stage.at(event).x / stage.element.clientWidth);
    });
    new ResizeObserver(() => this.#place()).observe(stage.element);
  }

  /** Moves the line to a share of the window. */
  set(share) {
    this.stage.split = Math.min(1, Math.max(0, share));
    this.stage.redraw();
    this.#place();
  }

  #place() {
    const { split, element } = this.stage;
    const percent = Math.round(split * 100);
    this.element.style.transform = `translateX(${split * element.clientWidth}px)`;
    this.element.setAttribute("aria-valuenow", percent);
    this.element.setAttribute("aria-valuetext", `${percent} percent before, ${100 - percent} after`);
  }
}

// The brush as a circle, and the line of a shape that is being drawn.

import { byId } from "./dom.js";

/** Smallest circle, and length of the cross of other tools, in pixels of the screen. */
const SMALLEST = 3;
const CROSS = 22;

/** Shows where the tool in hand is. */
export class Cursor {
  constructor(stage, easel) {
    Object.assign(this, { stage, easel, at: null, byKey: false });
    this.element = byId("cursor");
    this.lines = [byId("outline-dark"), byId("outline-light")];
  }

  /** Moves to a place of the picture, or goes away; `byKey` if it was moved with the keyboard. */
  show(at, byKey = false) {
    this.at = at;
    this.byKey = byKey;
    this.update();
  }

  update() {
    const { easel, stage } = this;
    // A mouse has a pointer of its own for tools that are no brush.
    const isSeen = this.at && easel.paints && (easel.isBrush || this.byKey) && !stage.after;
    this.element.hidden = !isSeen;
    if (isSeen) {
      const { x, y } = stage.viewport.toWindow(this.at);
      const size = easel.isBrush
        ? Math.max(SMALLEST, 2 * easel.radius * stage.viewport.scale)
        : CROSS;
      this.element.style.width = `${size}px`;
      this.element.style.height = `${size}px`;
      this.element.style.transform = `translate(${x - size / 2}px, ${y - size / 2}px)`;
      this.element.classList.toggle("cross", !easel.isBrush);
      this.element.classList.toggle("down", easel.isDown);
    }
    const points = easel.outline.map((point) => stage.viewport.toWindow(point));
    const path = points.map(({ x, y }, index) => `${index ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`);
    for (const line of this.lines) line.setAttribute("d", points.length ? `${path.join("")}Z` : "");
  }
}

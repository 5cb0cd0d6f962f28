// The window onto the picture: draws once a frame what has changed, and nothing else.

import { byId } from "./dom.js";
import { drawMask } from "./overlay.js";
import { Viewport } from "./viewport.js";

/** Side of the squares behind what is transparent, in pixels of the canvas. */
const SQUARE = 10;

/** Picture, mask, and the place where they are shown. */
export class Stage {
  constructor() {
    this.element = byId("stage");
    this.viewport = new Viewport();
    this.pen = byId("canvas").getContext("2d");
    this.overlay = byId("overlay").getContext("2d");
    this.before = null;
    this.after = null;
    this.mask = null;
    /** Share of the window that shows what was before, once there is something after. */
    this.split = 0.5;
    /** Called whenever another part of the picture is shown. */
    this.onView = () => {};
    this.isStale = false;
    this.frame = 0;
    new ResizeObserver(() => this.#resize()).observe(this.element);
    this.#resize();
  }

  /** Shows a picture and its mask. */
  open(picture, mask) {
    this.before?.close();
    this.clearAfter();
    this.before = picture;
    this.mask = mask;
    this.viewport.setPicture(picture.width, picture.height);
    this.redraw();
  }

  /** Shows a result beside the picture. */
  showAfter(picture) {
    this.clearAfter();
    this.after = picture;
    this.redraw();
  }

  clearAfter() {
    this.after?.close();
    this.after = null;
    this.redraw();
  }

  /** Everything is drawn anew with the next frame. */
  redraw() {
    this.isStale = true;
    this.#request();
  }

  /** The mask has changed: what has is drawn with the next frame. */
  redrawMask() {
    this.#request();
  }

  /** The place of an event in the window, in CSS pixels. */
  at(event) {
    const box = this.element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  zoomAt({ x, y }, factor) {
    this.viewport.zoomAt(x, y, factor);
    this.redraw();
  }

  #request() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.#draw();
    });
  }

  #resize() {
    const { clientWidth: width, clientHeight: height } = this.element;
    this.density = window.devicePixelRatio || 1;
    for (const { canvas } of [this.pen, this.overlay]) {
      canvas.width = Math.max(1, Math.round(width * this.density));
      canvas.height = Math.max(1, Math.round(height * this.density));
    }
    this.viewport.setWindow(width, height);
    this.redraw();
  }

  #draw() {
    if (!this.before) return;
    const change = this.mask.takeChange();
    if (this.isStale) {
      this.isStale = false;
      this.#drawPictures();
      this.#drawMask(null);
      this.onView();
    } else if (change) {
      this.#drawMask(change);
    }
  }

  #drawPictures() {
    const { pen, viewport, density } = this;
    const { width, height } = pen.canvas;
    pen.clearRect(0, 0, width, height);
    this.#drawGround();
    const split = this.after ? Math.round(this.split * width) : width;
    this.before.draw(pen, viewport, density, 0, split);
    this.after?.draw(pen, viewport, density, split, width);
  }

  /** Squares that are seen through what is transparent. */
  #drawGround() {
    const { pen, viewport, density } = this;
    this.ground ??= pen.createPattern(squares(), "repeat");
    pen.fillStyle = this.ground;
    const scale = viewport.scale * density;
    const { width, height } = this.before;
    pen.fillRect(viewport.x * density, viewport.y * density, width * scale, height * scale);
  }

  /** Draws a part of the mask, or all of it. Where there is a result, that is looked at instead. */
  #drawMask(change) {
    const { overlay, viewport, density } = this;
    const { width, height } = overlay.canvas;
    if (!change) overlay.clearRect(0, 0, width, height);
    if (this.after) return;
    let box = { left: 0, top: 0, right: width, bottom: height };
    if (change) {
      const corner = viewport.toWindow({ x: change.left, y: change.top });
      const other = viewport.toWindow({ x: change.right, y: change.bottom });
      box = {
        left: corner.x * density - 1,
        top: corner.y * density - 1,
        right: other.x * density + 1,
        bottom: other.y * density + 1,
      };
    }
    drawMask(overlay, this.mask, viewport, density, box);
  }
}

function squares() {
  const canvas = new OffscreenCanvas(2 * SQUARE, 2 * SQUARE);
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#c9c9c9";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = "#efefef";
  for (const at of [0, SQUARE]) pen.fillRect(at, at, SQUARE, SQUARE);
  return canvas;
}

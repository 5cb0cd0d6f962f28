// The picture as something to paint on: the mask, its history, the tool in hand.

import { History } from "./history.js";
import { Mask } from "./mask.js";
import { makeTools } from "./tools.js";

export class Easel {
  /** `onChange` is called when the mask or the history has changed, `onTool` when the tool has. */
  constructor(stage, { onChange, onTool }) {
    Object.assign(this, { stage, onChange, onTool });
    this.tools = makeTools(this);
    this.name = "brush";
    this.radius = 10;
    this.isDown = false;
    this.mask = null;
    this.history = null;
    this.last = null;
  }

  /** A new picture of this size, of which nothing is painted. */
  open(width, height) {
    this.mask = new Mask(width, height);
    this.history = new History(this.mask);
    this.last = null;
    this.isDown = false;
    return this.mask;
  }

  /** Whether the tool in hand paints. */
  get paints() {
    return this.name in this.tools;
  }

  /** Whether the tool in hand is as wide as the brush. */
  get isBrush() {
    return this.name === "brush" || this.name === "eraser";
  }

  take(name) {
    this.cancel();
    this.name = name;
    this.onTool();
  }

  /** The tool goes down; `erases` turns painting into erasing. */
  down(point, { erases = false, isLine = false, pressure = 1 } = {}) {
    if (!this.paints) return;
    const value = (this.name === "eraser") !== erases ? 0 : 1;
    this.history.begin();
    this.isDown = true;
    this.#tool.down(point, { value, isLine, pressure });
    this.stage.redrawMask();
  }

  move(point, pressure = 1) {
    if (!this.isDown) return;
    this.#tool.move(point, { pressure });
    this.stage.redrawMask();
  }

  up() {
    if (!this.isDown) return;
    this.isDown = false;
    this.#tool.up();
    this.history.end();
    this.#changed();
  }

  /** Puts the tool away; what it has done since it went down is undone. */
  cancel() {
    if (!this.isDown) return;
    this.isDown = false;
    this.#tool.cancel?.();
    this.history.abandon();
    this.#changed();
  }

  /** The line of the shape that is being drawn, as points. */
  get outline() {
    return this.isDown ? this.#tool.outline() : [];
  }

  undo() {
    this.cancel();
    this.history.undo();
    this.#changed();
  }

  redo() {
    this.cancel();
    this.history.redo();
    this.#changed();
  }

  invert() {
    this.cancel();
    this.history.invert();
    this.#changed();
  }

  clear() {
    this.cancel();
    this.history.step(() => this.mask.setAll(0));
    this.#changed();
  }

  /** Does something to the mask that takes a while, as one step; nothing of it if it fails. */
  async replace(change) {
    this.cancel();
    this.history.begin();
    try {
      await change(this.mask);
      this.history.end();
    } catch (error) {
      this.history.abandon();
      throw error;
    } finally {
      this.#changed();
    }
  }

  get #tool() {
    return this.tools[this.name];
  }

  #changed() {
    this.stage.redrawMask();
    this.onChange();
  }
}

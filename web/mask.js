// What is painted: one byte a pixel of the picture, 1 where it is to be repaired.
//
// Not a canvas: browsers limit the size of those, blur their edges, and are slow to give pixels
// back. Whole spans of rows are set, and whoever keeps history is asked before each.

/** The holes of a picture. */
export class Mask {
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.bytes = new Uint8Array(width * height);
    /** Pixels that are painted. */
    this.painted = 0;
    /** Called with row, first and last column (exclusive) before a span is set. */
    this.beforeChange = null;
    this.#forgetChange();
  }

  /** Share of the pixels that are painted, from 0 to 1. */
  get coverage() {
    return this.painted / this.bytes.length;
  }

  /** Sets the pixels `from <= x < to` of a row; what lies outside of the picture is left out. */
  setSpan(y, from, to, value) {
    from = Math.max(0, from);
    to = Math.min(this.width, to);
    if (y < 0 || y >= this.height || from >= to) return;
    this.beforeChange?.(y, from, to);
    const start = y * this.width;
    let changed = 0;
    for (let at = start + from; at < start + to; at += 1) {
      if (this.bytes[at] !== value) {
        this.bytes[at] = value;
        changed += 1;
      }
    }
    this.painted += value ? changed : -changed;
    if (changed) this.#noteChange(from, y, to, y + 1);
  }

  setAll(value) {
    for (let y = 0; y < this.height; y += 1) this.setSpan(y, 0, this.width, value);
  }

  /** Exchanges painted and not painted. Doing it twice undoes it, so nobody is asked before. */
  invert() {
    for (let at = 0; at < this.bytes.length; at += 1) this.bytes[at] ^= 1;
    this.painted = this.bytes.length - this.painted;
    this.#noteChange(0, 0, this.width, this.height);
  }

  /** Replaces a block of rows by bytes that history has kept. */
  restore(left, top, right, bottom, read) {
    for (let y = top, index = 0; y < bottom; y += 1) {
      for (let x = left; x < right; x += 1, index += 1) {
        const at = y * this.width + x;
        const value = read(index);
        this.painted += value - this.bytes[at];
        this.bytes[at] = value;
      }
    }
    this.#noteChange(left, top, right, bottom);
  }

  /** The box of all changes since it was last asked for; null if there were none. */
  takeChange() {
    const change = this.change;
    this.#forgetChange();
    return change.left < change.right ? change : null;
  }

  #noteChange(left, top, right, bottom) {
    this.change.left = Math.min(this.change.left, left);
    this.change.top = Math.min(this.change.top, top);
    this.change.right = Math.max(this.change.right, right);
    this.change.bottom = Math.max(this.change.bottom, bottom);
  }

  #forgetChange() {
    this.change = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  }
}

// Undo and redo. Before a tile of the mask is changed for the first time in a step, it is kept,
// one bit a pixel: a stroke over a photograph costs what it touches, not what the photograph is.

/** Side of a tile. */
const TILE = 256;
/** Steps that can be undone. */
const MOST_STEPS = 200;
/** Bytes that all kept tiles may take; the oldest steps are forgotten first. */
const MOST_BYTES = 64 << 20;

/** The steps of a mask. */
export class History {
  constructor(mask) {
    this.mask = mask;
    this.columns = Math.ceil(mask.width / TILE);
    this.done = [];
    this.undone = [];
    this.open = null;
    mask.beforeChange = (y, from, to) => this.#keep(y, from, to);
  }

  get canUndo() {
    return this.done.length > 0;
  }

  get canRedo() {
    return this.undone.length > 0;
  }

  /** Makes one step of all that `change` does to the mask. */
  step(change) {
    this.begin();
    change();
    this.end();
  }

  /** Begins a step. */
  begin() {
    this.end();
    this.open = new Map();
  }

  /** Ends the step that was begun, if any. */
  end() {
    if (this.open?.size) this.#add({ tiles: this.open });
    this.open = null;
  }

  /** Undoes what the open step has done, as if it had never begun. */
  abandon() {
    if (this.open?.size) this.#exchange(this.open);
    this.open = null;
  }

  invert() {
    this.end();
    this.mask.invert();
    this.#add({ isInversion: true });
  }

  undo() {
    this.#move(this.done, this.undone);
  }

  redo() {
    this.#move(this.undone, this.done);
  }

  #move(from, to) {
    this.end();
    const step = from.pop();
    if (!step) return;
    if (step.isInversion) this.mask.invert();
    else this.#exchange(step.tiles);
    to.push(step);
  }

  #add(step) {
    this.done.push(step);
    this.undone = [];
    const size = () => this.done.reduce((sum, { tiles }) => sum + (tiles?.size ?? 0), 0);
    while (this.done.length > MOST_STEPS || size() * (TILE * TILE) / 8 > MOST_BYTES) {
      this.done.shift();
    }
  }

  #keep(y, from, to) {
    if (!this.open) return;
    const row = Math.floor(y / TILE) * this.columns;
    for (let column = Math.floor(from / TILE); column <= Math.floor((to - 1) / TILE); column += 1) {
      const tile = row + column;
      if (!this.open.has(tile)) this.open.set(tile, this.#pack(tile));
    }
  }

  /** Puts kept tiles back, and keeps in their place what they replace. */
  #exchange(tiles) {
    for (const [tile, bits] of tiles) {
      const now = this.#pack(tile);
      const { left, top, right, bottom } = this.#box(tile);
      this.mask.restore(left, top, right, bottom, (i) => (bits[i >> 3] >> (i & 7)) & 1);
      tiles.set(tile, now);
    }
  }

  #pack(tile) {
    const { left, top, right, bottom } = this.#box(tile);
    const bits = new Uint8Array(Math.ceil(((right - left) * (bottom - top)) / 8));
    let index = 0;
    for (let y = top; y < bottom; y += 1) {
      for (let at = y * this.mask.width + left; at < y * this.mask.width + right; at += 1) {
        bits[index >> 3] |= this.mask.bytes[at] << (index & 7);
        index += 1;
      }
    }
    return bits;
  }

  #box(tile) {
    const [left, top] = [(tile % this.columns) * TILE, Math.floor(tile / this.columns) * TILE];
    const right = Math.min(left + TILE, this.mask.width);
    return { left, top, right, bottom: Math.min(top + TILE, this.mask.height) };
  }
}

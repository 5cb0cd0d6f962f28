// Where the picture lies in the window.

/** Most screen pixels a pixel of the picture. */
const LARGEST = 32;
/** How much of the picture stays in the window, in screen pixels, however far it is moved. */
const KEPT = 48;

/** A scale, in CSS pixels a pixel of the picture, and the place of the picture's corner. */
export class Viewport {
  constructor() {
    Object.assign(this, { scale: 1, x: 0, y: 0, isFitted: true });
    this.window = { width: 1, height: 1 };
    this.picture = { width: 1, height: 1 };
  }

  setWindow(width, height) {
    this.window = { width: Math.max(1, width), height: Math.max(1, height) };
    if (this.isFitted) this.fit();
    else this.#stay();
  }

  setPicture(width, height) {
    this.picture = { width, height };
    this.fit();
  }

  /** Shows the whole picture with a margin; small ones are not enlarged much. */
  fit() {
    this.scale = Math.min(this.#fitting(), 4);
    this.x = (this.window.width - this.picture.width * this.scale) / 2;
    this.y = (this.window.height - this.picture.height * this.scale) / 2;
    this.isFitted = true;
  }

  /** Changes the scale by a factor; what lies at this place of the window stays there. */
  zoomAt(x, y, factor) {
    const least = Math.min(this.#fitting(), 1) / 2;
    const scale = Math.min(LARGEST, Math.max(least, this.scale * factor));
    const change = scale / this.scale;
    this.x = x - (x - this.x) * change;
    this.y = y - (y - this.y) * change;
    this.scale = scale;
    this.isFitted = false;
    this.#stay();
  }

  /** [`zoomAt`] the middle of the window, to a scale. */
  zoomTo(scale) {
    this.zoomAt(this.window.width / 2, this.window.height / 2, scale / this.scale);
  }

  panBy(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.isFitted = false;
    this.#stay();
  }

  /** Moves the picture as little as is needed to see this place of it. */
  reveal({ x, y }) {
    const at = this.toWindow({ x, y });
    const margin = Math.min(KEPT, this.window.width / 4, this.window.height / 4);
    const excess = (value, most) => Math.max(0, margin - value) - Math.max(0, value - most + margin);
    const [dx, dy] = [excess(at.x, this.window.width), excess(at.y, this.window.height)];
    if (dx || dy) this.panBy(dx, dy);
    return Boolean(dx || dy);
  }

  toPicture({ x, y }) {
    return { x: (x - this.x) / this.scale, y: (y - this.y) / this.scale };
  }

  toWindow({ x, y }) {
    return { x: x * this.scale + this.x, y: y * this.scale + this.y };
  }

  #fitting() {
    const margin = Math.min(24, this.window.width / 20);
    const fits = (window, picture) => Math.max(1, window - 2 * margin) / picture;
    return Math.min(
      fits(this.window.width, this.picture.width),
      fits(this.window.height, this.picture.height),
    );
  }

  #stay() {
    const clamp = (at, size, window) => Math.min(window - KEPT, Math.max(KEPT - size, at));
    this.x = clamp(this.x, this.picture.width * this.scale, this.window.width);
    this.y = clamp(this.y, this.picture.height * this.scale, this.window.height);
  }
}

// A decoded picture with smaller copies, so that drawing it costs what the window shows.

/** Copies are halved until their longer side is at most this. */
const SMALLEST = 1024;

/** A picture that can be drawn at any scale. */
export class Picture {
  /** Decodes a file as it is seen, with its orientation. Fails if the browser cannot. */
  static async decode(blob) {
    const bitmap = await createImageBitmap(blob);
    const levels = [bitmap];
    for (let last = bitmap; Math.max(last.width, last.height) > SMALLEST; last = levels.at(-1)) {
      const half = (side) => Math.max(1, Math.round(side / 2));
      const resize = {
        resizeWidth: half(last.width),
        resizeHeight: half(last.height),
        resizeQuality: "medium",
      };
      levels.push(await createImageBitmap(last, resize));
    }
    return new Picture(levels);
  }

  constructor(levels) {
    this.levels = levels;
    this.width = levels[0].width;
    this.height = levels[0].height;
  }

  /** Draws what of the picture lies between two columns of the canvas. */
  draw(pen, viewport, density, from, to) {
    const scale = viewport.scale * density;
    const [x, y] = [viewport.x * density, viewport.y * density];
    const left = Math.max(from, x, 0);
    const right = Math.min(to, x + this.width * scale, pen.canvas.width);
    const top = Math.max(y, 0);
    const bottom = Math.min(y + this.height * scale, pen.canvas.height);
    if (left >= right || top >= bottom) return;
    // The smallest copy that has at least the pixels of the screen.
    const level = this.levels.findLast((copy) => copy.width >= this.width * scale * 0.99);
    const copy = level ?? this.levels[0];
    const [across, down] = [copy.width / (this.width * scale), copy.height / (this.height * scale)];
    // Single pixels are to be seen when they are large.
    pen.imageSmoothingEnabled = scale < 3;
    pen.imageSmoothingQuality = "medium";
    pen.drawImage(
      copy,
      (left - x) * across, (top - y) * down, (right - left) * across, (bottom - top) * down,
      left, top, right - left, bottom - top,
    );
  }

  close() {
    for (const level of this.levels) level.close();
  }
}

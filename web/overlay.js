// The mask over the picture: drawn from its bytes, and only where something has changed.

/** Colour of what is painted, and how much of it lies over the picture: two values, for stripes
 * that tell it from a picture of the same colour. */
const COLOUR = { red: 255, green: 64, blue: 48 };
const OPACITY = [170, 118];
/** Width of a stripe is two to this power, in pixels of the screen. */
const STRIPE = 2;

const pixel = (opacity) =>
  ((opacity << 24) | (COLOUR.blue << 16) | (COLOUR.green << 8) | COLOUR.red) >>> 0;
/** By stripe, and by how many of four samples are painted. */
const PALETTE = OPACITY.map((opacity) =>
  Uint32Array.from([0, 1, 2, 3, 4], (samples) => samples && pixel((opacity * samples) / 4)),
);

/**
 * Draws a box of the screen, in pixels of the canvas. `density` is the number of those in a CSS
 * pixel. Where the picture is shown smaller than it is, four samples are taken for each pixel.
 */
export function drawMask(pen, mask, viewport, density, box) {
  const left = Math.max(0, Math.floor(box.left));
  const top = Math.max(0, Math.floor(box.top));
  const width = Math.min(pen.canvas.width, Math.ceil(box.right)) - left;
  const height = Math.min(pen.canvas.height, Math.ceil(box.bottom)) - top;
  if (width <= 0 || height <= 0) return;
  const image = pen.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const columns = samples(left, width, viewport.x * density, viewport.scale * density, mask.width);
  const rows = samples(top, height, viewport.y * density, viewport.scale * density, mask.height);
  const { bytes } = mask;
  for (let y = 0; y < height; y += 1) {
    const [one, other] = [rows[2 * y], rows[2 * y + 1]];
    if (one < 0) continue;
    const [upper, lower] = [one * mask.width, other * mask.width];
    for (let x = 0; x < width; x += 1) {
      const [first, second] = [columns[2 * x], columns[2 * x + 1]];
      if (first < 0) continue;
      const painted =
        bytes[upper + first] + bytes[upper + second] + bytes[lower + first] + bytes[lower + second];
      if (painted) {
        const stripe = ((left + x + top + y) >> STRIPE) & 1;
        pixels[y * width + x] = PALETTE[stripe][painted];
      }
    }
  }
  pen.putImageData(image, left, top);
}

/** For each of `count` pixels of the screen the two pixels of the mask it shows; -1 outside. */
function samples(start, count, origin, scale, size) {
  const found = new Int32Array(2 * count);
  for (let index = 0; index < count; index += 1) {
    for (const half of [0, 1]) {
      const at = Math.floor((start + index + 0.25 + half / 2 - origin) / scale);
      found[2 * index + half] = at >= 0 && at < size ? at : -1;
    }
    // At the border of the picture, what is half outside is shown as what is inside.
    const [first, second] = [found[2 * index], found[2 * index + 1]];
    found[2 * index] = first < 0 ? second : first;
    found[2 * index + 1] = second < 0 ? first : second;
  }
  return found;
}

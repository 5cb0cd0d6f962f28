// Compares two pictures outside of a mask, band by band.

/** Rows that are compared at a time. */
const BAND = 128;

self.addEventListener("message", async ({ data }) => {
  self.postMessage(await compare(data));
});

async function compare({ before, after, mask, reach }) {
  // The numbers of the files, not their colours on this screen.
  const options = { colorSpaceConversion: "none", premultiplyAlpha: "none" };
  const open = (file) => createImageBitmap(file, options);
  const [first, second, holes] = await Promise.all([open(before), open(after), mask && open(mask)]);
  const { width, height } = first;
  if (second.width !== width || second.height !== height) throw new Error("the sizes differ");
  let [pixels, changed, squares] = [0, 0, 0];
  for (let top = 0; top < height; top += BAND) {
    const rows = Math.min(BAND, height - top);
    const [a, b] = [read(first, top, rows), read(second, top, rows)];
    const near = holes && grown(read(holes, top - reach, rows + 2 * reach), width, rows, reach);
    for (let at = 0; at < width * rows; at += 1) {
      if (near?.[at]) continue;
      pixels += 1;
      let difference = 0;
      for (let channel = 4 * at; channel < 4 * at + 3; channel += 1) {
        difference += (a[channel] - b[channel]) ** 2;
      }
      squares += difference;
      if (difference || a[4 * at + 3] !== b[4 * at + 3]) changed += 1;
    }
  }
  const mean = squares / (3 * pixels);
  return { pixels, changed, psnr: 10 * Math.log10(255 ** 2 / mean) };
}

/** The samples of some rows; those outside of the picture are 0. */
function read(bitmap, top, rows) {
  const canvas = new OffscreenCanvas(bitmap.width, rows);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(bitmap, 0, -top);
  return pen.getImageData(0, 0, bitmap.width, rows).data;
}

/** Which pixels have a hole within `reach` rows and columns. `holes` has `reach` more rows on
 * either side. */
function grown(holes, width, rows, reach) {
  const near = new Uint8Array(width * rows);
  const column = new Int32Array(width);
  const add = (row, sign) => {
    for (let x = 0; x < width; x += 1) if (holes[4 * (row * width + x)] > 127) column[x] += sign;
  };
  for (let row = 0; row < 2 * reach; row += 1) add(row, 1);
  for (let y = 0; y < rows; y += 1) {
    add(y + 2 * reach, 1);
    let within = 0;
    for (let x = 0; x < Math.min(reach, width); x += 1) within += column[x];
    for (let x = 0; x < width; x += 1) {
      within += column[x + reach] ?? 0;
      if (x > reach) within -= column[x - reach - 1];
      near[y * width + x] = within > 0 ? 1 : 0;
    }
    add(y, -1);
  }
  return near;
}

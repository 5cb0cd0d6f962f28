// Masks from files, read as the service reads them: bright is to be repaired.

/** Rows that are read at a time. */
const BAND = 256;

/** Puts a file into a mask. Fails if it is no image, or one of another size. */
export async function loadMask(blob, mask) {
  const bitmap = await createImageBitmap(blob).catch(() => {
    throw new Error("The mask is not an image that this browser can read.");
  });
  try {
    if (bitmap.width !== mask.width || bitmap.height !== mask.height) {
      throw new Error(
        `The mask has ${bitmap.width} × ${bitmap.height} pixels, but the picture has ` +
          `${mask.width} × ${mask.height}. They must be of one size.`,
      );
    }
    const canvas = new OffscreenCanvas(bitmap.width, Math.min(BAND, bitmap.height));
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    for (let top = 0; top < mask.height; top += BAND) {
      pen.clearRect(0, 0, canvas.width, canvas.height);
      pen.drawImage(bitmap, 0, -top);
      const rows = Math.min(BAND, mask.height - top);
      readBand(pen.getImageData(0, 0, mask.width, rows).data, mask, top, rows);
    }
  } finally {
    bitmap.close();
  }
}

function readBand(data, mask, top, rows) {
  for (let y = 0; y < rows; y += 1) {
    const isHole = (x) => {
      const at = (y * mask.width + x) * 4;
      return 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2] > 127.5;
    };
    // Runs of one kind become spans.
    for (let from = 0; from < mask.width; ) {
      const kind = isHole(from);
      let to = from + 1;
      while (to < mask.width && isHole(to) === kind) to += 1;
      mask.setSpan(top + y, from, to, kind ? 1 : 0);
      from = to;
    }
  }
}

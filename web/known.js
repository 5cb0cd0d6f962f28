// What became of the pixels that were not painted: compared here, not taken on trust.

/**
 * Compares two files outside of a mask (a file, too) and a rim of `reach` pixels around it, away
 * from the page. Gives `{ pixels, changed, psnr }`, the last in dB.
 */
export function compareKnown(before, after, mask, reach) {
  const worker = new Worker(new URL("./known-worker.js", import.meta.url), { type: "module" });
  return new Promise((resolve, reject) => {
    worker.addEventListener("message", ({ data }) => resolve(data));
    worker.addEventListener("error", () => reject(new Error("the pictures cannot be compared")));
    worker.postMessage({ before, after, mask, reach });
  }).finally(() => worker.terminate());
}

/** The comparison in words. */
export function knownInWords({ pixels, changed, psnr }) {
  if (!pixels) return "nothing left over";
  return changed ? `PSNR ${psnr.toFixed(1)} dB` : "every pixel as it was";
}

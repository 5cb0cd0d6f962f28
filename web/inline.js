// Pictures that come inside of JSON.

import { make } from "./dom.js";

/** What base64 stands for, as a file. */
function blobOf(base64, type) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return new Blob([bytes], { type });
}

/** An element that shows a picture which came as `image`, in base64, and `media_type`. */
export function inlinePicture({ image, media_type: type = "image/png" }, alt) {
  const address = URL.createObjectURL(blobOf(image, type));
  const release = () => URL.revokeObjectURL(address);
  return make("img", { src: address, alt, load: release, error: release });
}

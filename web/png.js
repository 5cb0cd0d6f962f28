// Masks as PNG files of one bit a pixel, white where the picture is to be repaired. Written here,
// because a canvas of that size would be blurred, slow, or refused.

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Bytes that are handed to the compressor at a time. */
const PORTION = 1 << 18;

/** The file of a mask. */
export async function encodeMask(mask) {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, mask.width);
  view.setUint32(4, mask.height);
  // One bit a sample, grey; the methods of compression, filters and interlacing are 0.
  header.set([1, 0, 0, 0, 0], 8);
  const pixels = await compress(rows(mask));
  const parts = [
    Uint8Array.from(SIGNATURE), chunk("IHDR", header), chunk("IDAT", pixels), chunk("IEND", new Uint8Array()),
  ];
  return new Blob(parts, { type: "image/png" });
}

/** The rows as they are compressed: a byte for the filter, which is none, and eight pixels a byte. */
function rows({ width, height, bytes }) {
  const stride = 1 + Math.ceil(width / 8);
  const packed = new Uint8Array(stride * height);
  for (let y = 0, at = 0; y < height; y += 1) {
    const row = y * stride + 1;
    for (let x = 0; x < width; x += 1, at += 1) {
      packed[row + (x >> 3)] |= bytes[at] << (7 - (x & 7));
    }
  }
  return packed;
}

async function compress(data) {
  const stream = new ReadableStream({
    start(controller) {
      for (let at = 0; at < data.length; at += PORTION) {
        controller.enqueue(data.subarray(at, at + PORTION));
      }
      controller.close();
    },
  });
  const compressed = stream.pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(compressed).arrayBuffer());
}

function chunk(name, data) {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(name), 4);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, checksum(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** The CRC-32 of the PNG format. */
function checksum(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = (value >>> 8) ^ TABLE[(value ^ byte) & 0xff];
  return (value ^ 0xffffffff) >>> 0;
}

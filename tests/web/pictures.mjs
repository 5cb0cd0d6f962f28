// Pictures for the tests: drawn here, written and read as PNG without any of what is tested.

import { deflateSync, inflateSync, crc32 } from "node:zlib";

/** A PNG of a smooth scene with a dark bar from (40 %, 30 %) to (46 %, 70 %), as a file to choose. */
export function scene(name, width, height) {
  const pixels = Buffer.alloc(width * height * 3);
  for (let y = 0, at = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, at += 3) {
      const isBar = x >= 0.4 * width && x < 0.46 * width && y >= 0.3 * height && y < 0.7 * height;
      pixels[at] = isBar ? 10 : 90 + (120 * x) / width;
      pixels[at + 1] = isBar ? 10 : 200 - (90 * y) / height;
      pixels[at + 2] = isBar ? 10 : 120 + 40 * Math.sin(x / 9) * Math.sin(y / 11);
    }
  }
  return { name, mimeType: "image/png", buffer: encode(width, height, 2, pixels) };
}

/** A grey PNG of one value, as a file to choose. */
export function plain(name, width, height, value) {
  return { name, mimeType: "image/png", buffer: encode(width, height, 0, Buffer.alloc(width * height, value)) };
}

function encode(width, height, colour, pixels) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, colour, 0, 0, 0], 8);
  const stride = pixels.length / height;
  const rows = [];
  for (let y = 0; y < height; y += 1) rows.push(Buffer.of(0), pixels.subarray(y * stride, (y + 1) * stride));
  const chunk = (name, data) => {
    const body = Buffer.concat([Buffer.from(name), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.concat(rows), { level: 1 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** Width, height, samples a pixel and the samples of a PNG of 1 or 8 bits without interlacing. */
export function decode(file) {
  const parts = [];
  let header;
  for (let at = 8; at < file.length; ) {
    const length = file.readUInt32BE(at);
    const name = file.toString("latin1", at + 4, at + 8);
    const data = file.subarray(at + 8, at + 8 + length);
    if (name === "IHDR") header = data;
    if (name === "IDAT") parts.push(data);
    at += length + 12;
  }
  const [width, height, bits] = [header.readUInt32BE(0), header.readUInt32BE(4), header[8]];
  const channels = { 0: 1, 2: 3, 4: 2, 6: 4 }[header[9]];
  const rows = unfilter(inflateSync(Buffer.concat(parts)), height, Math.ceil((width * channels * bits) / 8), Math.max(1, (channels * bits) / 8));
  if (bits === 8) return { width, height, channels, samples: rows };
  const stride = rows.length / height;
  const bit = (_, index) => {
    const [x, y] = [index % width, Math.floor(index / width)];
    return ((rows[y * stride + (x >> 3)] >> (7 - (x & 7))) & 1) * 255;
  };
  return { width, height, channels, samples: Buffer.from(Uint8Array.from({ length: width * height }, bit)) };
}

function unfilter(data, height, stride, back) {
  const rows = Buffer.alloc(height * stride);
  for (let y = 0; y < height; y += 1) {
    const filter = data[y * (stride + 1)];
    for (let x = 0; x < stride; x += 1) {
      const left = x >= back ? rows[y * stride + x - back] : 0;
      const up = y ? rows[(y - 1) * stride + x] : 0;
      const corner = y && x >= back ? rows[(y - 1) * stride + x - back] : 0;
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
      rows[y * stride + x] = data[y * (stride + 1) + 1 + x] + guess;
    }
  }
  return rows;
}

function paeth(left, up, corner) {
  const guess = left + up - corner;
  const distances = [left, up, corner].map((value) => Math.abs(guess - value));
  return [left, up, corner][distances.indexOf(Math.min(...distances))];
}

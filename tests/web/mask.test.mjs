// The mask without a browser: shapes against their definition, undo, and the file.

import assert from "node:assert/strict";
import { test } from "node:test";

import { History } from "../../web/history.js";
import { Mask } from "../../web/mask.js";
import { encodeMask } from "../../web/png.js";
import { polygon, rectangle, stroke } from "../../web/shapes.js";
import { Viewport } from "../../web/viewport.js";
import { decode } from "./pictures.mjs";

/** Numbers from 0 to 1 that are the same every time (Park and Miller's generator). */
function seeded(seed) {
  return () => {
    seed = (seed * 48271) % 2147483647;
    return seed / 2147483647;
  };
}

/** A mask of this size in which `draw` has set spans. */
function drawn(width, height, draw) {
  const mask = new Mask(width, height);
  draw((y, from, to) => mask.setSpan(y, from, to, 1));
  return mask;
}

/** Compares a mask with what a question says of the middle of each pixel. */
function assertPixels(mask, isInside, what) {
  let painted = 0;
  for (let y = 0; y < mask.height; y += 1) {
    for (let x = 0; x < mask.width; x += 1) {
      const is = mask.bytes[y * mask.width + x];
      assert.equal(is, Number(isInside(x + 0.5, y + 0.5)), `${what} at ${x}, ${y}`);
      painted += is;
    }
  }
  assert.equal(mask.painted, painted);
}

test("a stroke covers the pixels whose middles are near its line", () => {
  const random = seeded(7);
  for (let round = 0; round < 60; round += 1) {
    const point = () => ({ x: random() * 60 - 10, y: random() * 50 - 10 });
    const [from, to, radius] = [point(), round % 5 ? point() : null, 0.8 + random() * 9];
    const end = to ?? from;
    const distance = (x, y) => {
      const [dx, dy] = [end.x - from.x, end.y - from.y];
      const share = ((x - from.x) * dx + (y - from.y) * dy) / (dx * dx + dy * dy || 1);
      const nearest = Math.min(1, Math.max(0, share));
      return Math.hypot(x - from.x - nearest * dx, y - from.y - nearest * dy);
    };
    const mask = drawn(40, 30, (set) => stroke(from, end, radius, set));
    assertPixels(mask, (x, y) => distance(x, y) <= radius, `round ${round}`);
  }
});

test("the thinnest stroke leaves no gap", () => {
  const mask = drawn(40, 30, (set) => stroke({ x: 3.2, y: 4.9 }, { x: 36.7, y: 21.3 }, 0.1, set));
  for (let x = 4; x < 36; x += 1) {
    const column = Array.from({ length: 30 }, (_, y) => mask.bytes[y * 40 + x]);
    assert.ok(column.includes(1), `column ${x}`);
  }
});

test("a rectangle and a lasso cover what is within, whichever way they are drawn", () => {
  const mask = drawn(20, 20, (set) => rectangle({ x: 12.2, y: 15.9 }, { x: 3.6, y: -4 }, set));
  assertPixels(mask, (x, y) => x >= 3.6 && x <= 12.2 && y <= 15.9, "rectangle");
  const triangle = [{ x: 2, y: 2 }, { x: 18, y: 2 }, { x: 2, y: 18 }];
  for (const points of [triangle, triangle.toReversed()]) {
    assertPixels(drawn(20, 20, (set) => polygon(points, set)), (x, y) => x >= 2 && y >= 2 && x + y <= 20, "lasso");
  }
  // A line that goes around twice encloses once.
  const twice = [...triangle, ...triangle];
  assert.equal(
    drawn(20, 20, (set) => polygon(twice, set)).painted,
    drawn(20, 20, (set) => polygon(triangle, set)).painted,
  );
});

test("whatever was done is undone and redone, to the bit", () => {
  const random = seeded(11);
  const mask = new Mask(700, 300);
  const history = new History(mask);
  const states = [mask.bytes.slice()];
  for (let round = 0; round < 40; round += 1) {
    const value = random() < 0.7 ? 1 : 0;
    const point = () => ({ x: random() * 700, y: random() * 300 });
    const set = (y, from, to) => mask.setSpan(y, from, to, value);
    if (round % 9 === 8) history.invert();
    else if (round % 3) history.step(() => stroke(point(), point(), 20, set));
    else history.step(() => rectangle(point(), point(), set));
    if (mask.bytes.some((byte, at) => byte !== states.at(-1)[at])) states.push(mask.bytes.slice());
  }
  const count = () => mask.bytes.reduce((sum, byte) => sum + byte, 0);
  const last = states.at(-1);
  while (history.canUndo) history.undo();
  assert.deepEqual(mask.bytes, states[0]);
  assert.equal(mask.painted, 0);
  while (history.canRedo) history.redo();
  assert.deepEqual(mask.bytes, last);
  assert.equal(mask.painted, count());

  history.begin();
  stroke({ x: 0, y: 0 }, { x: 700, y: 300 }, 50, (y, from, to) => mask.setSpan(y, from, to, 1));
  history.abandon();
  assert.deepEqual(mask.bytes, last);
});

test("the file of a mask has the pixels of the mask", async () => {
  const random = seeded(3);
  for (const [width, height] of [[1, 1], [7, 3], [8, 2], [129, 65]]) {
    const mask = new Mask(width, height);
    for (let at = 0; at < width * height; at += 1) mask.bytes[at] = random() < 0.4 ? 1 : 0;
    const file = Buffer.from(await (await encodeMask(mask)).arrayBuffer());
    const picture = decode(file);
    assert.deepEqual([picture.width, picture.height, picture.channels], [width, height, 1]);
    assert.deepEqual([...picture.samples], [...mask.bytes].map((byte) => byte * 255));
  }
});

test("zooming keeps the place under the pointer, and the picture in the window", () => {
  const random = seeded(5);
  const viewport = new Viewport();
  viewport.setWindow(800, 600);
  viewport.setPicture(6000, 4000);
  for (let round = 0; round < 300; round += 1) {
    const at = viewport.toWindow({ x: random() * 6000, y: random() * 4000 });
    const before = viewport.toPicture(at);
    const free = { ...viewport };
    viewport.zoomAt(at.x, at.y, 0.5 + random());
    const corner = viewport.toWindow({ x: 0, y: 0 });
    const other = viewport.toWindow({ x: 6000, y: 4000 });
    assert.ok(corner.x < 800 && corner.y < 600 && other.x > 0 && other.y > 0, `round ${round}`);
    const change = viewport.scale / free.scale;
    const wasMoved = viewport.x !== at.x - (at.x - free.x) * change || viewport.y !== at.y - (at.y - free.y) * change;
    const after = viewport.toPicture(at);
    if (!wasMoved) assert.ok(Math.hypot(after.x - before.x, after.y - before.y) < 1e-6, `round ${round}`);
    if (round % 7 === 0) viewport.fit();
  }
});

// A photograph of 24 megapixels.

import assert from "node:assert/strict";
import { test } from "node:test";

import { onScreen, open, paint, repair, tell, withPage } from "./browser.mjs";

const [WIDTH, HEIGHT] = [6000, 4000];

/** A JPEG as a camera would make it, drawn in a browser. */
async function photograph(page) {
  const text = await page.evaluate(async ([width, height]) => {
    const canvas = new OffscreenCanvas(width, height);
    const pen = canvas.getContext("2d");
    const sky = pen.createLinearGradient(0, 0, width, height);
    sky.addColorStop(0, "#27536b");
    sky.addColorStop(0.6, "#d9b48f");
    sky.addColorStop(1, "#5d4b3c");
    pen.fillStyle = sky;
    pen.fillRect(0, 0, width, height);
    for (let i = 0; i < 4000; i += 1) {
      pen.fillStyle = `hsl(${(i * 47) % 360} 40% ${30 + (i % 40)}% / 60%)`;
      pen.fillRect((i * 1361) % width, (i * 877) % height, 20 + (i % 90), 10 + (i % 60));
    }
    const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.9 });
    const reader = new FileReader();
    reader.readAsDataURL(blob);
    await new Promise((done) => reader.addEventListener("load", done));
    return reader.result;
  }, [WIDTH, HEIGHT]);
  return { name: "photograph.jpg", mimeType: "image/jpeg", buffer: Buffer.from(text.split(",")[1], "base64") };
}

/** Says how long frames take while something is done. */
async function tellFrames(page, what, work) {
  await page.evaluate(() => {
    globalThis.frames = [];
    let last = performance.now();
    const tick = (now) => {
      globalThis.frames.push(now - last);
      last = now;
      globalThis.ticking = requestAnimationFrame(tick);
    };
    globalThis.ticking = requestAnimationFrame(tick);
  });
  await work();
  const frames = await page.evaluate(() => {
    cancelAnimationFrame(globalThis.ticking);
    return globalThis.frames.slice(1).sort((a, b) => a - b);
  });
  const at = (share) => frames[Math.floor(share * (frames.length - 1))].toFixed(1);
  const spread = `median ${at(0.5)} ms, 95 % within ${at(0.95)} ms, longest ${at(1)} ms`;
  tell(`${frames.length} frames while ${what} on 24 megapixels: ${spread}`);
}

test("a photograph of 24 megapixels is painted on and repaired, and no other pixel changes", () =>
  withPage({}, async (page) => {
    const image = await photograph(page);
    await open(page, image);
    assert.match(await page.locator("#facts").textContent(), /^6000 × 4000 pixels/);
    const wave = Array.from({ length: 40 }, (_, i) => [0.2 + i * 0.015, 0.5 + 0.2 * Math.sin(i / 4)]);
    await tellFrames(page, "painting", () => paint(page, wave));
    assert.match(await page.locator("#coverage").textContent(), /% painted$/);
    await tellFrames(page, "zooming", async () => {
      await page.mouse.move(...(await onScreen(page, 0.3, 0.3)));
      for (let turn = 0; turn < 60; turn += 1) await page.mouse.wheel(0, turn < 30 ? -120 : 120);
    });

    // A stroke all over would take minutes: this is about the size of the picture.
    await page.getByRole("button", { name: "Fit" }).click();
    await page.getByRole("button", { name: "Clear" }).click();
    await page.getByLabel("Size").fill("40");
    await paint(page, [[0.3, 0.3], [0.302, 0.302]]);
    await page.getByText("Engine and settings").click();
    await page.getByLabel("Iterations").fill("10");
    await repair(page);
    assert.match(await page.locator("#report").textContent(), /Picture6000 × 4000/);
    // Compared with what the service has read, not with what this browser makes of a JPEG.
    await page.getByText("every pixel as it was").waitFor();
  }));

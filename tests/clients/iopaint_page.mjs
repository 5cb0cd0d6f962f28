// Repairs a picture with the page of IOPaint as it is published, in a real browser.
//
// COGD_URL is a service that serves the page; TEST_WEB_MODULES is the folder that holds
// `node_modules`, and TEST_CHROMIUM the browser. The arguments are a picture and where to put the
// result. Every line that is printed is a check that passed.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const { chromium } = createRequire(`${process.env.TEST_WEB_MODULES}/`)("playwright-core");
const [picture, target] = process.argv.slice(2);
const service = process.env.COGD_URL;

const passed = (what) => console.log(`ok ${what}`);

const browser = await chromium.launch({
  executablePath: process.env.TEST_CHROMIUM,
  args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
});
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(120_000);
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("requestfailed", (request) => {
    // Progress over a socket is not spoken here, and the page lives without.
    if (!request.url().includes("/socket.io/")) faults.push(`failed: ${request.url()}`);
  });
  await page.goto(service);
  await page.locator("input[type=file]").first().waitFor({ state: "attached" });
  passed("the page loads");

  const opened = page.waitForResponse((response) => response.url().endsWith("/api/v1/gen-info"));
  await page.locator("input[type=file]").first().setInputFiles(picture);
  assert.equal((await opened).status(), 200);
  const canvas = page.locator("canvas").first();
  await canvas.waitFor();
  passed("a picture is opened");

  await page.getByRole("combobox").last().click();
  assert.deepEqual((await page.getByRole("option").allTextContents()).slice(0, 2), ["auto", "csc"]);
  await page.getByRole("option", { name: "csc", exact: true }).click();
  passed("an engine is chosen");

  // The page reads the answer as a stream, after which nobody else can: it is copied on its way.
  let answer;
  await page.route("**/api/v1/inpaint", async (route) => {
    const response = await route.fetch();
    answer = { request: route.request(), response, body: await response.body() };
    await route.fulfill({ response });
  });
  const box = await canvas.boundingBox();
  const at = (x, y) => [box.x + box.width * x, box.y + box.height * y];
  await page.mouse.move(...at(0.42, 0.5));
  await page.mouse.down();
  for (let step = 1; step <= 10; step++) await page.mouse.move(...at(0.42 + 0.016 * step, 0.5));
  await page.mouse.up();
  passed("a stroke is painted");

  // Of our kind of model the page waits to be told to run.
  const answered = page.waitForResponse((response) => response.url().endsWith("/api/v1/inpaint"));
  await page.keyboard.press("Shift+R");
  await answered;
  const { request, response, body } = answer;
  assert.equal(response.status(), 200, body.toString());
  const asked = JSON.parse(request.postData());
  assert.equal(asked.sd_sampler, "csc");
  const headers = response.headers();
  assert.ok(Number.isInteger(Number.parseInt(headers["x-seed"], 10)));
  assert.ok(Number(headers["x-mask-coverage"]) > 0.001);
  assert.equal(headers["x-mask-interpretation"], "luma");
  writeFileSync(target, body);
  writeFileSync(`${target}.mask`, Buffer.from(asked.mask.split(",")[1], "base64"));
  passed("the stroke is repaired");

  // One of the canvases has every pixel of the answer.
  await page.waitForFunction(async (base64) => {
    const file = await (await fetch(`data:image/png;base64,${base64}`)).blob();
    const image = await createImageBitmap(file);
    const pixels = (canvas) => canvas.getContext("2d").getImageData(0, 0, image.width, image.height).data;
    const expected = new OffscreenCanvas(image.width, image.height);
    expected.getContext("2d").drawImage(image, 0, 0);
    const wanted = pixels(expected);
    return Array.from(document.querySelectorAll("canvas")).some((canvas) => {
      const shown = pixels(canvas);
      return wanted.every((value, index) => value === shown[index]);
    });
  }, body.toString("base64"));
  assert.deepEqual(faults, []);
  passed("the result is shown");
} finally {
  await browser.close();
}
passed("everything");

// A browser with the page in it, and what a person does there.
//
// COGD_URL is where the page is; TEST_WEB_MODULES is the folder that holds `node_modules`, and
// TEST_CHROMIUM the browser.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before } from "node:test";

const modules = createRequire(`${process.env.TEST_WEB_MODULES}/`);
const { chromium } = modules("playwright-core");
const axe = modules("axe-core");

export const URL_OF_PAGE = process.env.COGD_URL;

/** Longer than anything takes on a busy machine. */
const PATIENCE_MS = 120_000;

let browser;
before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.TEST_CHROMIUM,
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
  });
});
after(() => browser?.close());

/**
 * Opens the page, and gives it to `work`. Fails if the page throws, logs an error, or asks for
 * anything that is not of the service.
 */
export async function withPage(options, work) {
  const { address = URL_OF_PAGE, expectsRefusals = false, ...wishes } = options;
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    acceptDownloads: true,
    ...wishes,
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const faults = [];
  const page = await context.newPage();
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    const isRefusal = /Failed to load resource: the server responded with a status of 4/.test(message.text());
    if (message.type() === "error" && !(isRefusal && expectsRefusals)) faults.push(message.text());
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(address) && !request.url().startsWith("blob:")) faults.push(`asked for ${request.url()}`);
  });
  try {
    await page.goto(address);
    await work(page);
    assert.deepEqual(faults, []);
  } finally {
    await context.close();
  }
}

/** Opens a file by the button for it. */
export async function choose(page, file) {
  const chooser = page.waitForEvent("filechooser");
  const isEmpty = await page.locator("#choose").isVisible();
  await page.getByRole("button", { name: isEmpty ? "Choose a picture" : "Open…" }).click();
  await (await chooser).setFiles(file);
}

/** Opens the file and waits until it is there. */
export async function open(page, file) {
  await choose(page, file);
  await page.getByRole("heading", { name: file.name }).waitFor();
}

/** Paints along points, which are shares of the width and height of the picture. */
export async function paint(page, points) {
  await page.locator("#stage").scrollIntoViewIfNeeded();
  const places = await Promise.all(points.map(([x, y]) => onScreen(page, x, y)));
  await page.mouse.move(...places[0]);
  await page.mouse.down();
  for (const place of places.slice(1)) await page.mouse.move(...place, { steps: 4 });
  await page.mouse.up();
}

/** Where on the screen a place of the picture is, if it is shown as a whole. */
export async function onScreen(page, x, y) {
  const box = await page.locator("#stage").boundingBox();
  const [, width, height] = (await page.locator("#facts").textContent()).match(/(\d+) × (\d+)/);
  const margin = Math.min(24, box.width / 20);
  const scale = Math.min((box.width - 2 * margin) / width, (box.height - 2 * margin) / height, 4);
  return [
    box.x + box.width / 2 + (x - 0.5) * width * scale,
    box.y + box.height / 2 + (y - 0.5) * height * scale,
  ];
}

/** Presses the button and waits for the result. */
export async function repair(page) {
  await page.getByRole("button", { name: "Repair", exact: true }).click();
  await page.getByRole("heading", { name: "Repaired" }).waitFor();
}

/** Presses a button that saves a file, and gives its name and bytes. */
export async function saved(page, press) {
  const [download] = await Promise.all([page.waitForEvent("download"), press()]);
  const stream = await download.createReadStream();
  const parts = [];
  for await (const part of stream) parts.push(part);
  return { name: download.suggestedFilename(), bytes: Buffer.concat(parts) };
}

/** What axe finds that is serious or worse. */
export async function violations(page) {
  await page.evaluate(axe.source);
  const found = await page.evaluate(() => globalThis.axe.run(document));
  const grave = found.violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
  return grave.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

/** Says something of the run that nobody asserts, past the reporter of tests. */
export function tell(words) {
  process.stdout.write(`TOLD ${words}\n`);
}

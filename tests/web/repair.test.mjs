// Choosing, painting, repairing, and what comes of it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { choose, onScreen, open, paint, repair, saved, tell, withPage } from "./browser.mjs";
import { decode, plain, scene } from "./pictures.mjs";

const BAR = [[0.43, 0.27], [0.43, 0.5], [0.43, 0.73]];
const IMAGE = scene("scene.png", 240, 160);

const coverage = (page) => page.locator("#coverage").textContent();
const samplesAt = ({ width, channels, samples }, x, y) => {
  const at = (y * width + x) * channels;
  return [...samples.subarray(at, at + Math.min(channels, 3))];
};

test("a painted bar is gone, progress is seen, and no other pixel has changed", () =>
  withPage({}, async (page) => {
    await open(page, IMAGE);
    await page.getByLabel("Size").fill("70");
    await paint(page, BAR);
    assert.match(await coverage(page), /^[\d.]+ % painted$/);
    const mask = decode((await saved(page, () => page.getByRole("button", { name: "Save mask" }).click())).bytes);

    // Long enough to be watched.
    await page.getByText("Engine and settings").click();
    await page.getByLabel("Iterations").fill("400");
    const progress = page.getByRole("progressbar", { name: "Progress of the repair" });
    const seen = page.waitForFunction(() => {
      const list = document.getElementById("progress-figures").textContent;
      const share = document.getElementById("progress").getAttribute("value");
      return /Iteration\d+ of 400Residual\d.*Time leftabout \d/.test(list) && share !== null && list;
    });
    await page.getByRole("button", { name: "Repair", exact: true }).click();
    await seen;
    assert.equal(await progress.count(), 1);
    await page.getByRole("heading", { name: "Repaired" }).waitFor();

    const download = await saved(page, () => page.getByRole("button", { name: "Download" }).click());
    assert.equal(download.name, "scene-repaired.png");
    const [before, after] = [decode(IMAGE.buffer), decode(download.bytes)];
    assert.deepEqual([after.width, after.height], [240, 160]);
    let painted = 0;
    for (let y = 0; y < 160; y += 1) {
      for (let x = 0; x < 240; x += 1) {
        const isPainted = mask.samples[y * 240 + x] > 127;
        painted += isPainted;
        if (!isPainted) assert.deepEqual(samplesAt(after, x, y), samplesAt(before, x, y), `${x}, ${y}`);
      }
    }
    assert.ok(painted > 500, `${painted} pixels were painted`);
    assert.ok(samplesAt(before, 103, 80).every((value) => value === 10));
    assert.ok(samplesAt(after, 103, 80).every((value) => value > 60), `${samplesAt(after, 103, 80)}`);

    const report = await page.locator("#report").textContent();
    for (const part of ["Enginecsc, dct", "Computed byprocessor", "Iterations400", "Not paintedevery pixel as it was", "Repairing"]) {
      await page.waitForFunction((text) => document.getElementById("report").textContent.includes(text), part);
    }
    assert.match(report, /Picture240 × 160/);
  }));

test("a result is had in every format, and continued with", () =>
  withPage({}, async (page) => {
    await open(page, IMAGE);
    await paint(page, BAR);
    await repair(page);
    const starts = { PNG: "89504e47", JPEG: "ffd8ff", WebP: "52494646", TIFF: "4949", BMP: "424d" };
    for (const [format, start] of Object.entries(starts)) {
      await page.getByLabel("Format").selectOption({ label: format });
      assert.equal(await page.getByLabel("Quality").isVisible(), format === "JPEG");
      const { name, bytes } = await saved(page, () => page.getByRole("button", { name: "Download" }).click());
      assert.ok(bytes.toString("hex").startsWith(start), `${format}: ${bytes.toString("hex", 0, 8)}`);
      assert.match(name, /^scene-repaired\.(png|jpg|webp|tif|bmp)$/);
    }
    await page.getByRole("button", { name: "Repair more" }).click();
    await page.getByRole("heading", { name: "scene-repaired.png" }).waitFor();
    assert.equal(await coverage(page), "Nothing painted");
  }));

test("noise is removed without a mask, and the report says how much", () =>
  withPage({}, async (page) => {
    await open(page, IMAGE);
    await page.getByText("Remove noise").click();
    await page.getByText("Engine and settings").click();
    await page.getByRole("spinbutton", { name: "Noise" }).fill("12");
    await repair(page);
    await page.waitForFunction(() => /Noise removedσ 12.0 of 255.*Not paintedPSNR \d/.test(document.getElementById("report").textContent));
  }));

test("cancelling ends the job and leaves the mask as it was", () =>
  withPage({}, async (page) => {
    await open(page, IMAGE);
    await paint(page, BAR);
    const painted = await coverage(page);
    await page.getByText("Engine and settings").click();
    await page.getByLabel("Iterations").fill("1000");
    await page.getByLabel("Widen by").fill("30");
    const accepted = page.waitForResponse((response) => response.status() === 202 && response.request().method() === "POST");
    await page.getByRole("button", { name: "Repair", exact: true }).click();
    const job = await (await accepted).json();
    await page.getByText(/^Repairing$/).waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByText("Cancelled. Nothing was changed.").waitFor();
    await page.getByRole("button", { name: "Repair", exact: true }).waitFor();
    assert.equal(await coverage(page), painted);
    const state = await page.evaluate(async (path) => (await (await fetch(path)).json()).state, job.links.self);
    assert.equal(state, "cancelled");
  }));

test("what is wrong is said in words, at the field it is about", () =>
  withPage({ expectsRefusals: true }, async (page) => {
    await open(page, IMAGE);
    const run = page.getByRole("button", { name: "Repair", exact: true });
    const alert = page.getByRole("alert");
    await run.click();
    assert.equal(await alert.textContent(), "Paint over what should be repaired first.");

    await page.getByRole("button", { name: "Invert" }).click();
    await run.click();
    await page.getByText("Everything is painted, so there is nothing left to repair from. Erase some of it, or invert it.").waitFor();

    await page.getByRole("button", { name: "Invert" }).click();
    await paint(page, BAR);
    await page.getByText("Engine and settings").click();
    await page.getByLabel("Iterations").fill("5000");
    await run.click();
    await page.getByText("Iterations must lie between 1 and 1000 (it is 5000).").waitFor();
    assert.equal(await page.getByLabel("Iterations").getAttribute("aria-invalid"), "true");
    assert.ok(await page.getByLabel("Iterations").evaluate((field) => field === document.activeElement));

    await choose(page, { name: "notes.png", mimeType: "image/png", buffer: Buffer.from("not a picture") });
    await page.getByText("This kind of file is not read here. Use PNG, JPEG, WebP, TIFF or BMP.").waitFor();
    await page.getByRole("heading", { name: "scene.png" }).waitFor();
  }));

test("masks are loaded, inverted, undone and redone", () =>
  withPage({}, async (page) => {
    await open(page, IMAGE);
    const load = async (file) => {
      const chooser = page.waitForEvent("filechooser");
      await page.getByRole("button", { name: "Load mask" }).click();
      await (await chooser).setFiles(file);
    };
    const says = (text) => page.waitForFunction((words) => document.getElementById("coverage").textContent === words, text);
    await load(plain("white.png", 240, 160, 255));
    await says("100 % painted");
    await page.getByRole("button", { name: "Invert" }).click();
    await says("Nothing painted");
    await page.keyboard.press("Control+z");
    await says("100 % painted");
    await page.keyboard.press("Control+z");
    await says("Nothing painted");
    await page.keyboard.press("Control+Shift+Z");
    await says("100 % painted");
    await page.getByRole("button", { name: "Clear" }).click();
    await says("Nothing painted");
    await load(plain("small.png", 24, 16, 255));
    await page.getByText("The mask has 24 × 16 pixels, but the picture has 240 × 160. They must be of one size.").waitFor();
    await says("Nothing painted");

    // A rectangle over a quarter, a lasso around half of that, which is erased again.
    await page.getByRole("button", { name: "Rectangle" }).click();
    await paint(page, [[0, 0], [0.5, 0.5]]);
    await says("25.0 % painted");
    await page.getByRole("button", { name: "Lasso" }).click();
    await page.keyboard.down("Alt");
    await paint(page, [[0, 0], [0.5, 0], [0, 0.5], [0, 0]]);
    await page.keyboard.up("Alt");
    assert.match(await coverage(page), /^12\.\d % painted$/);
    await page.getByRole("button", { name: "Undo" }).click();
    await says("25.0 % painted");
  }));

test("the command that is offered says what was asked", () =>
  withPage({ permissions: ["clipboard-read", "clipboard-write"] }, async (page) => {
    await open(page, { ...IMAGE, name: "it's; a \"scene\".png" });
    await paint(page, BAR);
    await page.getByText("Engine and settings").click();
    await page.getByLabel("Iterations").fill("5");
    await repair(page);
    await page.getByRole("button", { name: "Copy as curl" }).click();
    await page.getByText("Copied.").waitFor();
    const command = await page.evaluate(() => navigator.clipboard.readText());
    assert.equal(command, await page.getByLabel("Command").inputValue());
    for (const part of ["/v1/inpaint", "iterations=5", "mask=@mask.png", "output_format=png", "it'\\''s"]) {
      assert.ok(command.includes(part), command);
    }
  }));

test("before and after are compared with a slider that keys move", () =>
  withPage({}, async (page) => {
    await open(page, IMAGE);
    await page.getByLabel("Size").fill("70");
    await paint(page, BAR);
    await repair(page);
    const middle = await onScreen(page, 0.43, 0.5);
    /** Waits until the picture is dark there, or is not. */
    const becomes = (isDark) =>
      page.waitForFunction(([[x, y], isDark]) => {
        const canvas = document.getElementById("canvas");
        const box = canvas.getBoundingClientRect();
        const [red] = canvas.getContext("2d").getImageData(x - box.left, y - box.top, 1, 1).data;
        return red < 40 === isDark;
      }, [middle, isDark]);
    const slider = page.getByRole("slider", { name: "Before and after" });
    await slider.focus();
    await page.keyboard.press("End");
    assert.equal(await slider.getAttribute("aria-valuenow"), "100");
    await becomes(true);
    await page.keyboard.press("Home");
    assert.equal(await slider.getAttribute("aria-valuenow"), "0");
    await becomes(false);
  }));

test("a visitor repairs the sample by its visible labels alone", () =>
  withPage({}, async (page) => {
    const began = performance.now();
    await page.getByRole("button", { name: "Try this sample" }).click();
    await page.getByRole("button", { name: "Repair", exact: true }).click();
    await page.getByRole("heading", { name: "Repaired" }).waitFor();
    await saved(page, () => page.getByRole("button", { name: "Download" }).click());
    tell(`from the first look to the repaired sample on the disk: ${((performance.now() - began) / 1000).toFixed(1)} s, 3 presses`);
  }));

// How a result came about, and drafts while it does.

import assert from "node:assert/strict";
import { test } from "node:test";

import { line } from "../../web/curve.js";
import { open, paint, repair, violations, withPage } from "./browser.mjs";
import { scene } from "./pictures.mjs";

const IMAGE = scene("scene.png", 240, 160);
const BAR = [[0.43, 0.27], [0.43, 0.5], [0.43, 0.73]];
const SCREENS = { wide: {}, narrow: { viewport: { width: 360, height: 740 } } };

test("a curve goes from the left to the right and stays in its room", () => {
  assert.equal(line([3, 1, 2]), "0.0,0.0 160.0,120.0 320.0,60.0");
  assert.equal(line([5, 5]), "0.0,60.0 320.0,60.0");
});

for (const [name, screen] of Object.entries(SCREENS)) {
  test(`curves, map and simpler fills are shown where they are asked for: ${name}`, () =>
    withPage(screen, async (page) => {
      await open(page, IMAGE);
      await paint(page, BAR);
      await page.getByText("Engine and settings").click();
      await page.getByLabel("Tell of every iteration").check();
      await page.getByLabel("Compare with simpler fills").check();
      await page.getByLabel("Iterations").fill("20");
      await repair(page);
      await page.getByRole("heading", { name: "How it came about" }).waitFor();
      const curves = page.getByRole("img", { name: /^Residual from \S+ to \S+, objective from \S+ to \S+, in 20 iterations$/ });
      assert.equal(await curves.count(), 1);
      for (const id of ["residual-line", "objective-line"]) {
        assert.equal((await page.locator(`#${id}`).getAttribute("points")).split(" ").length, 20);
      }
      for (const picture of [/^Map of the picture/, /filled by cogd$/, /filled by Harmonic/, /filled by Telea/]) {
        const image = page.getByRole("img", { name: picture });
        await image.waitFor();
        assert.ok(await image.evaluate((element) => element.decode().then(() => element.naturalWidth > 0)), `${picture}`);
      }
      assert.deepEqual(await violations(page), []);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth), false);
      await page.getByRole("button", { name: "Copy as curl" }).click();
      const command = await page.locator("#curl").inputValue();
      assert.ok(command.includes("iterations=20") && !/report=|compare=|previews=/.test(command), command);
      await page.keyboard.press("Escape");

      // The next result is not taken for one that was explained.
      await page.getByRole("button", { name: "Edit the mask" }).click();
      await page.getByLabel("Tell of every iteration").uncheck();
      await page.getByLabel("Compare with simpler fills").uncheck();
      await repair(page);
      assert.equal(await page.locator("#explanation").isVisible(), false);
    }));
}

test("drafts are seen while the service works, and are gone before the next work begins", () =>
  withPage({}, async (page) => {
    await open(page, IMAGE);
    await paint(page, BAR);
    await page.getByText("Engine and settings").click();
    await page.getByLabel("Iterations").fill("1000");
    await page.getByLabel("Widen by").fill("20");
    await page.getByRole("button", { name: "Repair", exact: true }).click();
    const draft = page.getByRole("img", { name: "Draft of the repaired picture" });
    await draft.waitFor();
    assert.equal(await draft.evaluate((element) => element.decode().then(() => element.naturalWidth)), 240);
    const sources = () => page.locator("#draft img").evaluateAll((images) => images.map((image) => image.src));
    await page.getByText(/^Draft after \d+ iterations$/).waitFor();
    assert.deepEqual(await violations(page), []);
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByText("Cancelled. Nothing was changed.").waitFor();
    const [old] = await sources();
    await page.getByLabel("Widen by").fill("0");
    await page.getByLabel("Iterations").fill("5");
    await repair(page);
    // On a slow machine even so little work may have a draft, of its own.
    assert.ok(old && !(await sources()).includes(old));
  }));

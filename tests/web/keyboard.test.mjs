// Everything without a mouse.

import assert from "node:assert/strict";
import { test } from "node:test";

import { open, withPage } from "./browser.mjs";
import { scene } from "./pictures.mjs";

const IMAGE = scene("scene.png", 240, 160);

/** Presses Tab until it comes round, and marks what was reached. */
async function tour(page) {
  await page.evaluate(() => {
    for (const element of document.querySelectorAll("[data-visited]")) delete element.dataset.visited;
  });
  let reached = 0;
  for (let outside = 0; outside < 2; ) {
    await page.keyboard.press("Tab");
    const is = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return "outside";
      if (element.dataset.visited) return "again";
      element.dataset.visited = "yes";
      return "new";
    });
    if (is === "again") break;
    if (is === "outside") outside += 1;
    else reached += 1;
  }
  return reached;
}

/** Controls that are seen, can be used, and were not reached. One of several radio buttons will do. */
const missed = (page) =>
  page.evaluate(() => {
    const all = [...document.querySelectorAll("a, button, input, select, summary, textarea, [tabindex='0']")];
    const groups = new Set(all.filter((e) => e.dataset.visited && e.type === "radio").map((e) => e.name));
    return all
      .filter((e) => e.checkVisibility({ visibilityProperty: true }) && !e.disabled && !e.dataset.visited)
      .filter((e) => !(e.type === "radio" && groups.has(e.name)))
      .map((e) => e.id || e.outerHTML);
  });

const pass = async (page) => {
  assert.ok((await tour(page)) > 3);
  assert.deepEqual(await missed(page), []);
};

test("a picture is repaired with the keyboard alone, and every control is reached", () =>
  withPage({}, async (page) => {
    await pass(page);
    await open(page, IMAGE);
    await page.getByText("Engine and settings").click();
    await pass(page);

    await page.locator("#easel").focus();
    await page.keyboard.press("Space");
    for (let step = 0; step < 12; step += 1) await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Shift+ArrowDown");
    await page.keyboard.press("Space");
    assert.match(await page.locator("#coverage").textContent(), /^[\d.]+ % painted$/);
    await page.getByText(/^brush up at \d+, \d+$/).waitFor({ state: "attached" });

    // A rectangle between two places; Esc gives one up that has begun.
    await page.keyboard.press("r");
    await page.keyboard.press("Space");
    await page.keyboard.press("Shift+ArrowRight");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Delete");
    assert.equal(await page.locator("#coverage").textContent(), "Nothing painted");
    await page.keyboard.press("Space");
    await page.keyboard.press("Shift+ArrowRight");
    await page.keyboard.press("Shift+ArrowDown");
    await page.keyboard.press("Space");
    assert.match(await page.locator("#coverage").textContent(), /^[\d.]+ % painted$/);

    await page.keyboard.press("Control+Enter");
    await page.getByRole("heading", { name: "Repaired" }).waitFor();
    await pass(page);
    await page.locator("#easel").focus();
    await page.keyboard.press("?");
    await page.getByRole("heading", { name: "How it works" }).waitFor();
    await page.keyboard.press("Escape");
    assert.equal(await page.locator("#help-dialog").evaluate((dialog) => dialog.open), false);
  }));

test("single letters are no shortcuts where one types, nor when switched off", () =>
  withPage({}, async (page) => {
    await open(page, IMAGE);
    const tool = () => page.locator("[aria-pressed=true]").getAttribute("data-tool");
    await page.getByText("Engine and settings").click();
    await page.getByLabel("Iterations").focus();
    await page.keyboard.press("e");
    assert.equal(await tool(), "brush");
    await page.locator("#easel").focus();
    await page.keyboard.press("e");
    assert.equal(await tool(), "eraser");
    await page.keyboard.press("?");
    await page.getByLabel("Single letters are shortcuts").uncheck();
    await page.keyboard.press("Escape");
    await page.keyboard.press("b");
    assert.equal(await tool(), "eraser");
  }));

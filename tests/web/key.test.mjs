// A service that asks for a key: COGD_KEY is one that may repair, COGD_WEAK_KEY one that may not.

import assert from "node:assert/strict";
import { test } from "node:test";

import { open, paint, repair, violations, withPage } from "./browser.mjs";
import { scene } from "./pictures.mjs";

const IMAGE = scene("scene.png", 96, 64);

const give = async (page, key) => {
  await page.getByRole("textbox", { name: "API key" }).fill(key);
  await page.getByRole("button", { name: "Use this key" }).click();
};

test("the page asks for a key, says when it is wrong, and repairs with a good one", () =>
  withPage({ expectsRefusals: true }, async (page) => {
    await page.getByRole("heading", { name: "This service needs an API key" }).waitFor();
    assert.deepEqual(await violations(page), []);
    await give(page, "cogd_wrong");
    await page.getByText("That key is not one of this service.").waitFor();
    await give(page, process.env.COGD_KEY);
    await open(page, IMAGE);
    await paint(page, [[0.43, 0.3], [0.43, 0.7]]);
    await repair(page);
    await page.getByText("every pixel as it was").waitFor();
    await page.getByRole("button", { name: "Copy as curl" }).click();
    const command = await page.getByLabel("Command").inputValue();
    assert.ok(command.includes("Bearer $COGD_KEY"), command);
    assert.ok(!command.includes(process.env.COGD_KEY));
    await page.keyboard.press("Escape");

    // It is there after a reload, and gone when it was forgotten.
    await page.reload();
    await open(page, IMAGE);
    await page.getByRole("button", { name: "Forget key" }).click();
    await paint(page, [[0.43, 0.3], [0.43, 0.7]]);
    await page.getByRole("button", { name: "Repair", exact: true }).click();
    await page.getByRole("heading", { name: "This service needs an API key" }).waitFor();
    await page.getByRole("button", { name: "Not now" }).click();
    await page.getByText("This service needs an API key. Ask whoever runs it for one.").waitFor();
  }));

test("a key that may not repair is told so", () =>
  withPage({ expectsRefusals: true }, async (page) => {
    await give(page, process.env.COGD_WEAK_KEY);
    await open(page, IMAGE);
    await paint(page, [[0.43, 0.3], [0.43, 0.7]]);
    await page.getByRole("button", { name: "Repair", exact: true }).click();
    await page.getByText("Your API key may not repair pictures.").waitFor();
  }));

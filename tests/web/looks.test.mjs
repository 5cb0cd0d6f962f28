// For everybody, on every screen: axe, narrow windows, colours; and the pictures of the README.

import assert from "node:assert/strict";
import { test } from "node:test";

import { open, paint, repair, violations, withPage } from "./browser.mjs";
import { scene } from "./pictures.mjs";

const SCREENSHOTS = process.env.UPDATE_SCREENSHOTS;
const IMAGE = scene("scene.png", 240, 160);

const SCREENS = {
  light: { colorScheme: "light" },
  dark: { colorScheme: "dark" },
  narrow: { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true },
};

const isScrolledSideways = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

for (const [name, screen] of Object.entries(SCREENS)) {
  test(`axe finds nothing serious, and nothing sticks out: ${name}`, () =>
    withPage({ ...screen, reducedMotion: "reduce" }, async (page) => {
      const check = async (what) => {
        assert.deepEqual(await violations(page), [], what);
        assert.equal(await isScrolledSideways(page), false, what);
      };
      await check("empty");
      await open(page, IMAGE);
      await page.getByText("Engine and settings").click();
      await check("editing");
      await page.getByRole("button", { name: "Repair", exact: true }).click();
      await page.getByRole("alert").waitFor();
      await check("an error");
      await paint(page, [[0.43, 0.3], [0.43, 0.7]]);
      await page.getByLabel("Iterations").fill("300");
      await page.getByRole("button", { name: "Repair", exact: true }).click();
      await page.getByRole("progressbar").waitFor();
      await check("running");
      await page.getByRole("heading", { name: "Repaired" }).waitFor();
      await check("done");
      await page.getByRole("button", { name: "Help" }).click();
      await check("help");
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Copy as curl" }).click();
      await check("curl");
    }));
}

test("a finger paints, two fingers zoom and do not", () =>
  withPage(SCREENS.narrow, async (page) => {
    await open(page, IMAGE);
    const box = await page.locator("#easel").boundingBox();
    const client = await page.context().newCDPSession(page);
    const touch = (type, ...points) =>
      client.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([x, y], id) => ({ x: box.x + x, y: box.y + y, id })) });
    const zoom = await page.locator("#zoom").textContent();
    await touch("touchStart", [150, 100]);
    await touch("touchStart", [150, 100], [200, 100]);
    await touch("touchMove", [120, 100], [230, 100]);
    await touch("touchEnd");
    await page.waitForFunction((before) => document.getElementById("zoom").textContent !== before, zoom);
    assert.equal(await page.locator("#coverage").textContent(), "Nothing painted");
    await touch("touchStart", [150, 100]);
    await touch("touchMove", [190, 120]);
    await touch("touchEnd");
    await page.waitForFunction(() => /% painted/.test(document.getElementById("coverage").textContent));
  }));

test("the sample is repaired on every screen", { skip: !SCREENSHOTS && "only to make the pictures of the README" }, async () => {
  const screens = {
    "page-desktop": { ...SCREENS.light, viewport: { width: 1280, height: 800 } },
    "page-dark": { ...SCREENS.dark, viewport: { width: 1280, height: 800 } },
    "page-mobile": { ...SCREENS.narrow, deviceScaleFactor: 2 },
  };
  for (const [name, screen] of Object.entries(screens)) {
    await withPage(screen, async (page) => {
      await page.getByRole("button", { name: "Try this sample" }).click();
      await page.getByText("% painted").waitFor();
      if (name === "page-desktop") {
        await page.locator("#toast").waitFor({ state: "hidden" });
        await page.screenshot({ path: `${SCREENSHOTS}/page-paint.jpg`, quality: 90 });
      }
      await repair(page);
      await page.getByText("every pixel as it was").waitFor();
      await page.locator("#toast").waitFor({ state: "hidden" });
      await page.screenshot({ path: `${SCREENSHOTS}/${name}.jpg`, quality: 90 });
    });
  }
});

// Below a path of a host.

import assert from "node:assert/strict";
import { test } from "node:test";

import { open, paint, repair, URL_OF_PAGE, withPage } from "./browser.mjs";
import { scene } from "./pictures.mjs";

for (const [what, address] of [["with a slash", URL_OF_PAGE], ["without a slash", URL_OF_PAGE.replace(/\/$/, "")]]) {
  test(`the page works below a path, opened ${what} at the end`, () =>
    withPage({ address }, async (page) => {
      assert.equal(page.url(), URL_OF_PAGE);
      await open(page, scene("scene.png", 96, 64));
      await paint(page, [[0.43, 0.3], [0.43, 0.7]]);
      await repair(page);
      await page.getByText("every pixel as it was").waitFor();
    }));
}

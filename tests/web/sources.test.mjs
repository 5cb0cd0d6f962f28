// Where pictures come from, and with what they are painted.

import assert from "node:assert/strict";
import { test } from "node:test";

import { onScreen, open, paint, repair, saved, URL_OF_PAGE, withPage } from "./browser.mjs";
import { decode, scene } from "./pictures.mjs";

const IMAGE = scene("scene.png", 240, 160);

/** Has the page get a file in an event of this type, as if it was dropped or pasted. */
const bring = (page, type, { name, mimeType, buffer }) =>
  page.evaluate(([type, name, mimeType, bytes]) => {
    const files = new DataTransfer();
    files.items.add(new File([Uint8Array.from(bytes)], name, { type: mimeType }));
    const wishes = { bubbles: true, cancelable: true };
    const event =
      type === "paste"
        ? new ClipboardEvent(type, { ...wishes, clipboardData: files })
        : new DragEvent(type, { ...wishes, dataTransfer: files });
    document.body.dispatchEvent(event);
  }, [type, name, mimeType, [...buffer]]);

test("a picture is dropped or pasted, and another one after it", () =>
  withPage({}, async (page) => {
    await bring(page, "dragover", IMAGE);
    await page.getByText("Drop to open").waitFor();
    await bring(page, "drop", { ...IMAGE, name: "dropped.png" });
    await page.getByRole("heading", { name: "dropped.png" }).waitFor();
    assert.equal(await page.getByText("Drop to open").isVisible(), false);
    await bring(page, "paste", { ...scene("pasted.png", 60, 40) });
    await page.getByRole("heading", { name: "pasted.png" }).waitFor();
    assert.match(await page.locator("#facts").textContent(), /^60 × 40 pixels/);
  }));

test("a TIFF, which browsers do not read, is shown, painted on and repaired", () =>
  withPage({}, async (page) => {
    const body = new FormData();
    body.append("image", new Blob([IMAGE.buffer]));
    body.append("sigma", "0");
    body.append("output_format", "tiff");
    const tiff = await fetch(new URL("v1/reconstruct", URL_OF_PAGE), { method: "POST", body });
    assert.equal(tiff.headers.get("content-type"), "image/tiff");
    const buffer = Buffer.from(await tiff.arrayBuffer());
    await open(page, { name: "scan.tif", mimeType: "image/tiff", buffer });
    await paint(page, [[0.43, 0.27], [0.43, 0.73]]);
    await repair(page);
    await page.getByText("every pixel as it was").waitFor();
    assert.equal(await page.getByLabel("Format").inputValue(), "tiff");
    const { name, bytes } = await saved(page, () => page.getByRole("button", { name: "Download" }).click());
    assert.equal(name, "scan-repaired.tif");
    assert.equal(bytes.toString("latin1", 0, 2), "II");
  }));

test("a pen paints wider when it is pressed, unless that is switched off", () =>
  withPage({}, async (page) => {
    await open(page, IMAGE);
    await page.getByLabel("Size").fill("70");
    const client = await page.context().newCDPSession(page);
    const pen = async (type, x, y, force) => {
      const [left, top] = await onScreen(page, x, y);
      const button = { button: "left", buttons: 1, clickCount: 1, pointerType: "pen" };
      await client.send("Input.dispatchMouseEvent", { type, x: left, y: top, force, ...button });
    };
    /** Pixels that one stroke paints. */
    const stroke = async (force) => {
      await pen("mousePressed", 0.2, 0.5, force);
      await pen("mouseMoved", 0.7, 0.5, force);
      await pen("mouseReleased", 0.7, 0.5, 0);
      const save = () => page.getByRole("button", { name: "Save mask" }).click();
      const { samples } = decode((await saved(page, save)).bytes);
      await page.getByRole("button", { name: "Clear" }).click();
      return samples.reduce((count, sample) => count + (sample > 127), 0);
    };
    const [light, firm] = [await stroke(0.1), await stroke(0.9)];
    assert.ok(light > 0 && firm > 1.5 * light, `${light} and ${firm} pixels`);
    await page.getByText("Engine and settings").click();
    await page.getByLabel("A pen paints wider when pressed").uncheck();
    assert.equal(await stroke(0.1), await stroke(0.9));
  }));

test("a straight line is drawn from the last place by Shift, and what is shown is moved and zoomed", () =>
  withPage({}, async (page) => {
    await open(page, IMAGE);
    await page.mouse.click(...(await onScreen(page, 0.1, 0.5)));
    const dot = parseFloat(await page.locator("#coverage").textContent());
    await page.keyboard.down("Shift");
    await page.mouse.click(...(await onScreen(page, 0.9, 0.5)));
    await page.keyboard.up("Shift");
    const line = parseFloat(await page.locator("#coverage").textContent());
    assert.ok(line > 10 * dot, `${dot} and ${line} percent`);

    const place = () => page.evaluate(() => document.getElementById("place").textContent);
    const middle = await onScreen(page, 120.5 / 240, 80.5 / 160);
    await page.mouse.move(...middle);
    assert.equal(await place(), "120, 80");
    await page.mouse.wheel(0, -400);
    await page.waitForFunction(() => parseFloat(document.getElementById("zoom").textContent) > 500);
    await page.mouse.move(middle[0] + 1, middle[1]);
    assert.equal(await place(), "120, 80");
    await page.getByRole("button", { name: "Move" }).click();
    await page.mouse.move(...middle);
    await page.mouse.down();
    await page.mouse.move(middle[0] - 100, middle[1]);
    await page.mouse.up();
    await page.mouse.move(...middle);
    assert.notEqual(await place(), "120, 80");
    assert.equal(parseFloat(await page.locator("#coverage").textContent()), line);
  }));

// What the page says, without a browser.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { bytes, duration, percent } from "../../web/numbers.js";
import { inWords, WORDS } from "../../web/problems.js";

const TABLE = readFileSync(new URL("../../docs/problems.md", import.meta.url), "utf8");
const SLUGS = [...TABLE.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, slug]) => slug);

const say = (slug, problem, retryAfter = null) =>
  inWords({ slug, problem: { type: `/problems/${slug}`, ...problem }, retryAfter }, (field) => field);

test("every problem is said in whole sentences, with limits where they are known", () => {
  assert.ok(SLUGS.length > 30);
  for (const slug of SLUGS) {
    const status = Number(TABLE.match(new RegExp(`\`${slug}\` \\| (\\d+)`))[1]);
    for (const more of [{}, { limit: 40e6, actual: 50e6 }]) {
      const { text } = say(slug, { status, title: "a title", detail: "some detail", ...more }, 3);
      assert.match(text, /^[A-Z].*[.!?]$/, slug);
      assert.ok(!/undefined|null|NaN/.test(text), text);
    }
  }
  assert.match(say("too-many-pixels", { limit: 40e6, actual: 50e6 }).text, /50 megapixels.*at most 40/);
  assert.match(say("too-busy", {}, 3).text, /in 3.0 s/);
});

test("there are no words for problems that do not exist", () => {
  for (const slug of Object.keys(WORDS)) assert.ok(slug === "unreachable" || SLUGS.includes(slug), slug);
});

test("only what is no fault of the person comes with a reference", () => {
  assert.equal(say("internal-error", { status: 500, request_id: "x" }).reference, "x");
  assert.equal(say("mask-mismatch", { status: 422, request_id: "x" }).reference, "");
});

test("numbers are rounded without lying", () => {
  assert.deepEqual([0, 0.00001, 0.004, 0.5, 0.99999, 1].map(percent), [
    "0 %", "less than 0.01 %", "0.40 %", "50.0 %", "more than 99.9 %", "100 %",
  ]);
  assert.deepEqual([0.0004, 0.05, 0.44, 9.96, 59.7, 125].map(duration), ["1 ms", "50 ms", "0.4 s", "10 s", "1 min 0 s", "2 min 5 s"]);
  assert.deepEqual([999, 1500, 205e3, 99.96e6].map(bytes), ["999 bytes", "1.5 kB", "205 kB", "100.0 MB"]);
});

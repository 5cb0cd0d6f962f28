// Repairs a picture: node built/repair.js SERVICE IMAGE MASK RESULT
//
// The types are those of openapi/v1.json: `npm install && npm run types && npm run build`. The
// service may ask for a key, which is read from COGD_KEY.

import { readFile, writeFile } from "node:fs/promises";
import createClient from "openapi-fetch";
import type { paths } from "./api.js";

const [service, image, mask, result] = process.argv.slice(2);
if (!service || !image || !mask || !result) {
  throw new Error("usage: repair.js SERVICE IMAGE MASK RESULT");
}
const key = process.env["COGD_KEY"];
const client = createClient<paths>({
  baseUrl: service,
  headers: key ? { Authorization: `Bearer ${key}` } : {},
});

const base64 = async (path: string) => (await readFile(path)).toString("base64");
const { data, error, response } = await client.POST("/v1/inpaint", {
  body: { image: await base64(image), mask: await base64(mask), report: "full" },
  headers: { Accept: "application/json" },
});
if (error) {
  // RFC 9457: what it is, what happened this time, and which parameters are to blame.
  throw new Error(`${response.status} ${error.title}: ${error.detail}`);
}
// By its headers a request can also ask for the image alone, or become a job.
if (typeof data === "string" || !("image" in data)) {
  throw new Error("a report was asked for");
}
await writeFile(result, Buffer.from(data.image, "base64"));
const last = data.explanation?.iterations.at(-1);
console.log(`${data.report.engine}: ${data.report.iterations} iterations`);
console.log(`${((last?.sparsity ?? 0) * 100).toFixed(1)} % of the coefficients are zero`);

// A restoration as a job: sent, followed by its events, cancelled, its result fetched.

import { call, ServiceError } from "./api.js";

const UNFINISHED = ["queued", "running"];

/** A pause before a stream that was cut off is taken up again. */
const PAUSE_MS = 1000;

/**
 * Has a restoration done as a job. `parts` is what the form of the request holds, as pairs of name
 * and value; `show` is called with every state of the job, and with `true` beside it while the
 * service cannot be heard; `draw` with every draft of the picture; `stop` is an AbortSignal that
 * cancels. Gives the job that has succeeded.
 */
export async function restore(task, parts, { show, draw }, stop) {
  const body = new FormData();
  for (const [name, value, file] of parts) body.append(name, value, ...(file ? [file] : []));
  const headers = { Prefer: "respond-async", "Idempotency-Key": uniqueName() };
  const sent = await call(`v1/${task}`, { method: "POST", body, headers, signal: stop });
  let job = await sent.json();
  const path = `v1/jobs/${job.id}`;
  const cancel = () => call(path, { method: "DELETE" }).catch(() => {});
  if (stop.aborted) cancel();
  stop.addEventListener("abort", cancel);
  try {
    show(job);
    let seen = "";
    while (UNFINISHED.includes(job.state)) {
      try {
        for await (const event of events(`${path}/events`, seen)) {
          if (event.name === "preview") {
            draw(event.data);
            continue;
          }
          ({ data: job, id: seen } = event);
          show(job);
        }
      } catch (error) {
        // The work goes on without us; what was refused will be refused again.
        if (error instanceof ServiceError && error.problem.status < 500) throw error;
        stop.throwIfAborted();
        show(job, true);
        await new Promise((done) => setTimeout(done, PAUSE_MS));
      }
    }
  } finally {
    stop.removeEventListener("abort", cancel);
  }
  if (job.state === "cancelled") throw new DOMException("the job was cancelled", "AbortError");
  if (job.state === "failed") throw new ServiceError(job.error ?? { title: "The job failed." });
  return job;
}

/** The result of a job that has succeeded, as a file. */
export async function result(job) {
  return (await call(`v1/jobs/${job.id}/result`)).blob();
}

/**
 * Server-sent events with id, name and data. EventSource cannot send a key, so the stream is read by
 * hand.
 */
async function* events(path, seen) {
  const headers = { Accept: "text/event-stream", ...(seen && { "Last-Event-ID": seen }) };
  const response = await call(path, { headers });
  if (response.status === 204) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const field = (name) =>
        block
          .split("\n")
          .filter((line) => line.startsWith(`${name}:`))
          .map((line) => line.slice(name.length + 1).trimStart())
          .join("\n");
      if (field("data")) yield { id: field("id"), name: field("event"), data: JSON.parse(field("data")) };
    }
  }
}

/** A name that no other request has. `crypto.randomUUID` is not there without TLS. */
function uniqueName() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `page-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

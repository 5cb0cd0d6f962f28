// Calls to the service, relative to the page, with a key where it asks for one.

import { askForKey, currentKey } from "./key.js";

/** What the service said when it refused, or why it could not be asked. */
export class ServiceError extends Error {
  constructor(problem, retryAfter = null) {
    super(problem.detail ?? problem.title);
    this.problem = problem;
    /** Seconds after which it may be asked again; null if it did not say. */
    this.retryAfter = retryAfter;
  }

  /** Last part of the problem's type. */
  get slug() {
    return this.problem.type?.split("/").at(-1) ?? "";
  }
}

/** The address of a path of the service, wherever it is mounted. */
export function address(path) {
  return new URL(path, document.baseURI);
}

/**
 * Calls the service. If it asks for a key, the person is asked for one and the call is made
 * again; whoever does not give one gets the error.
 */
export async function call(path, options = {}) {
  for (;;) {
    const key = currentKey();
    const headers = { ...options.headers, ...(key && { Authorization: `Bearer ${key}` }) };
    const response = await reach(path, { ...options, headers });
    if (response.ok) return response;
    const error = await refusal(response);
    if (response.status !== 401 || !(await askForKey(key !== ""))) throw error;
  }
}

async function reach(path, options) {
  try {
    return await fetch(address(path), options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ServiceError({ type: "unreachable", title: "The service cannot be reached." });
  }
}

async function refusal(response) {
  const wait = Number(response.headers.get("retry-after"));
  let problem;
  try {
    problem = await response.json();
  } catch {
    // A proxy may answer in its own words.
    problem = { title: `The service answered with status ${response.status}.` };
  }
  return new ServiceError({ status: response.status, ...problem }, wait > 0 ? wait : null);
}

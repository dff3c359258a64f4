import { observeServerTime } from "#shared/time/clock.ts";
import { ApiError, type ProblemDocument } from "./problem.ts";

/** Longer than the server's own deadline, so that its answer is heard when there is one. */
const PATIENCE_MS = 15_000;

export interface CallOptions {
  readonly body?: unknown;
  /** Makes a repeated POST safe: the server replays its first answer. */
  readonly key?: string;
  /** The order token, sent as a bearer so that it stays out of logs. */
  readonly token?: string;
  readonly signal?: AbortSignal;
}

/** Ask the API; every failure, also the network's, comes out as an ApiError. */
export async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
  const response = await send(method, path, options);
  observeServerTime(response.headers.get("date"));
  const body = await json(response);
  if (!response.ok) {
    throw new ApiError(response.status, (body ?? {}) as ProblemDocument, retryAfter(response));
  }
  return body as T;
}

async function send(method: string, path: string, options: CallOptions): Promise<Response> {
  const deadline = AbortSignal.timeout(PATIENCE_MS);
  try {
    return await fetch(path, {
      method,
      headers: headersFor(options),
      body: options.body === undefined ? null : JSON.stringify(options.body),
      signal: options.signal ? AbortSignal.any([options.signal, deadline]) : deadline,
    });
  } catch (error) {
    if (options.signal?.aborted) {
      throw error;
    }
    throw new ApiError(0, { type: "offline", title: "The shop cannot be reached" });
  }
}

function headersFor(options: CallOptions): Record<string, string> {
  return {
    accept: "application/json",
    ...(options.body === undefined ? {} : { "content-type": "application/json" }),
    ...(options.key === undefined ? {} : { "idempotency-key": options.key }),
    ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
  };
}

/** The body when it is JSON, else null: a proxy's HTML error page is no problem document. */
async function json(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

function retryAfter(response: Response): number | null {
  const seconds = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
  return Number.isNaN(seconds) ? null : seconds;
}

/** 128 random bits as hex; crypto.randomUUID is missing where the page is not served over TLS. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

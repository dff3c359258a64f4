import { vi } from "vitest";

/** What the page asked the API: tests read it back. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly search: URLSearchParams;
  readonly headers: Headers;
  readonly body: unknown;
}

type Answer = Response | Promise<Response>;
export type Routes = Record<string, (asked: Asked) => Answer>;

/** Answers fetch from a table like `"GET /api/events": () => ok({...})`; an unexpected request fails the test. */
export function stubApi(routes: Routes): Asked[] {
  const log: Asked[] = [];
  vi.stubGlobal("fetch", async (input: string, init: RequestInit = {}) => {
    const url = new URL(input, location.origin);
    const asked: Asked = {
      method: init.method ?? "GET",
      path: url.pathname,
      search: url.searchParams,
      headers: new Headers(init.headers),
      body: typeof init.body === "string" ? JSON.parse(init.body) : undefined,
    };
    log.push(asked);
    const route = routes[`${asked.method} ${asked.path}`];
    if (!route) {
      throw new Error(`unexpected request: ${asked.method} ${asked.path}`);
    }
    return route(asked);
  });
  return log;
}

export function ok(body: unknown, status = 200): Response {
  return Response.json(body, { status, headers: { date: new Date().toUTCString() } });
}

export function problem(slug: string, status: number, more: Record<string, unknown> = {}): Response {
  const body = { type: `/problems/${slug}`, title: slug, status, ...more };
  return Response.json(body, { status, headers: { "content-type": "application/problem+json" } });
}

/** Answers one after the other; the last one again and again. */
export function inTurn(...answers: readonly (() => Response)[]): () => Response {
  let turn = 0;
  return () => {
    const answer = answers[Math.min(turn, answers.length - 1)];
    turn += 1;
    return answer ? answer() : Response.error();
  };
}

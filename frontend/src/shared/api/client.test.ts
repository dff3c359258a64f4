import { expect, test, vi } from "vitest";
import { ok, problem, stubApi } from "#testing/stub-api.ts";
import { call } from "./client.ts";
import { ApiError } from "./problem.ts";

async function failure(): Promise<ApiError> {
  const error = await call("GET", "/api/basket").catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

test("a problem document becomes an error with its kind, fields and the time to wait", async () => {
  const errors = [{ field: "email", message: "is no address" }];
  stubApi({ "GET /api/basket": () => problem("validation", 400, { errors }) });
  const error = await failure();
  expect(error.kind).toBe("validation");
  expect(error.fieldError("email")).toBe("is no address");
  expect(error.passing).toBe(false);
});

test("a proxy's page of HTML is the shop being unavailable, for as long as Retry-After says", async () => {
  stubApi({
    "GET /api/basket": () => new Response("<h1>502</h1>", { status: 502, headers: { "retry-after": "3" } }),
  });
  const error = await failure();
  expect(error.kind).toBe("unavailable");
  expect(error.retryAfter).toBe(3);
  expect(error.passing).toBe(true);
});

test("a request that never gets an answer is told as being offline", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
  const error = await failure();
  expect(error.kind).toBe("offline");
  expect(error.passing).toBe(true);
});

test("the idempotency key and the order token travel in headers", async () => {
  const asked = stubApi({ "POST /api/orders/1/cancel": () => ok({}) });
  await call("POST", "/api/orders/1/cancel", { body: {}, key: "once", token: "secret" });
  expect(asked[0]?.headers.get("idempotency-key")).toBe("once");
  expect(asked[0]?.headers.get("authorization")).toBe("Bearer secret");
});

test("an answer without a body is no failure", async () => {
  stubApi({ "DELETE /api/basket": () => new Response(null, { status: 204 }) });
  await expect(call("DELETE", "/api/basket")).resolves.toBeNull();
});

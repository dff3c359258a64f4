import { expect, test } from "vitest";
import { ApiError } from "#shared/api/problem.ts";
import { aPlace } from "#testing/samples.ts";
import { nextAsk } from "./next-ask.ts";

const busy = (retryAfter: number | null) => new ApiError(503, { type: "/problems/unavailable" }, retryAfter);
const latest = () => 1;
const soonest = () => 0;

test("the shop is asked when it said, or up to a fifth later", () => {
  const place = aPlace({ poll_after_seconds: 10 });
  expect(nextAsk(place, null, 0, soonest)).toBe(10_000);
  expect(nextAsk(place, null, 0, latest)).toBe(12_000);
});

test("it is never asked more than once a second, whatever it says", () => {
  expect(nextAsk(aPlace({ poll_after_seconds: 0 }), null, 0, soonest)).toBe(1000);
});

test.each([
  [1, 2000],
  [3, 8000],
  [9, 30_000],
])("after %i failures in a row the page waits %i ms", (failures, wait) => {
  expect(nextAsk(aPlace(), busy(null), failures, soonest)).toBe(wait);
});

test("a longer time that the shop asks for is kept to", () => {
  const limited = new ApiError(429, { type: "/problems/too-many-requests" }, 40);
  expect(nextAsk(aPlace(), limited, 1, soonest)).toBe(40_000);
  expect(nextAsk(undefined, busy(7), 1, soonest)).toBe(7000);
});

test.each(["admitted", "expired", "not_needed"] as const)(
  "there is nothing to ask once it is %s",
  (state) => {
    expect(nextAsk(aPlace({ state }), null, 0)).toBeNull();
  },
);

test("nothing is asked without a place, nor after a refusal that will not pass", () => {
  expect(nextAsk(null, null, 0)).toBeNull();
  expect(nextAsk(undefined, new ApiError(404, { type: "/problems/not-found" }), 1)).toBeNull();
});

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { observeServerTime, serverNow } from "./clock.ts";

const NOON = Date.parse("2026-11-23T12:00:00Z");

beforeEach(() => vi.useFakeTimers({ now: NOON }));
afterEach(() => vi.useRealTimers());

test("the visitor's clock is believed while the server's dates, cut to the second, fit it", () => {
  vi.setSystemTime(NOON + 700);
  observeServerTime("Mon, 23 Nov 2026 12:00:00 GMT");
  expect(serverNow()).toBe(NOON + 700);
});

test("a clock that is five minutes fast is set right", () => {
  vi.setSystemTime(NOON + 300_000);
  observeServerTime("Mon, 23 Nov 2026 12:00:00 GMT");
  expect(Math.abs(serverNow() - NOON)).toBeLessThanOrEqual(1000);
});

test("an answer that was old when it came does not turn the clock back", () => {
  vi.setSystemTime(NOON + 300_000);
  observeServerTime("Mon, 23 Nov 2026 12:00:00 GMT");
  observeServerTime("Mon, 23 Nov 2026 11:59:30 GMT");
  expect(Math.abs(serverNow() - NOON)).toBeLessThanOrEqual(1000);
});

test("what is no date changes nothing", () => {
  observeServerTime(null);
  observeServerTime("soon");
  expect(serverNow()).toBe(NOON);
});

import { expect, test } from "vitest";
import { ApiError } from "#shared/api/problem.ts";
import { cancellationTerms } from "./cancellation.ts";
import { eventDate, eventDateShort } from "./dates.ts";
import { explain } from "./errors.ts";
import { money, spokenMoney } from "./money.ts";
import { inWords, ticking } from "./time-left.ts";
import { waitWords } from "./waiting.ts";

const MINUTE = 60_000;

test.each([
  [9 * MINUTE + 41_000, "9:41"],
  [62 * MINUTE + 5_000, "1:02:05"],
  [400, "0:01"],
  [-5_000, "0:00"],
])("%i ms left tick as %s", (ms, shown) => {
  expect(ticking(ms)).toBe(shown);
});

test.each([
  [3 * 1440 * MINUTE, "3 days"],
  [5 * 60 * MINUTE, "5 hours"],
  [4.2 * MINUTE, "5 minutes"],
  [50_000, "less than a minute"],
])("%i ms left read as %s", (ms, words) => {
  expect(inWords(ms)).toBe(words);
});

test.each([
  [20, 55, "less than a minute"],
  [40, 170, "up to 3 minutes"],
  [130, 230, "about 2 to 4 minutes"],
  [65, 1900, "up to 32 minutes"],
  [300, 300, "about 5 minutes"],
  [3000, 8000, "up to 3 hours"],
  [3700, 8000, "about 1 to 3 hours"],
])("a wait of %i to %i seconds reads as %s", (from, to, words) => {
  expect(waitWords({ from, to })).toBe(words);
});

test("money is read aloud as number and currency, with the currency's own decimals", () => {
  expect(spokenMoney(45, "EUR")).toBe("45.00 EUR");
  expect(spokenMoney(4500, "JPY")).toBe("4,500 JPY");
  expect(spokenMoney(0, "EUR")).toBe("free");
  expect(money(149.99, "EUR")).toBe("€149.99");
});

test("the venue's time zone is named only where it is not the visitor's", () => {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  expect(eventDate("2030-05-04T17:30:00Z", here)).not.toContain("time)");
  expect(eventDate("2030-05-04T17:30:00Z", "Pacific/Kiritimati")).toContain("(Kiritimati time)");
  expect(eventDateShort("2030-05-04T17:30:00Z", "Pacific/Kiritimati")).toMatch(/GMT\+14$/);
});

test("the terms say until when and for how much an order can be cancelled", () => {
  const terms = { refundable_until: "2030-04-27T17:30:00Z", timezone: "UTC", cancellation_fee_percent: 10 };
  const before = Date.parse("2030-01-01T00:00:00Z");
  expect(cancellationTerms(terms, before)).toContain("for a fee of 10% of the price");
  expect(cancellationTerms({ ...terms, cancellation_fee_percent: 0 }, before)).toContain("free of charge");
  expect(cancellationTerms(terms, Date.parse("2030-05-01T00:00:00Z"))).toBe(
    "These tickets cannot be cancelled.",
  );
});

test("a refusal says how many are left and when a sale opens or that it ended", () => {
  const soldOut = new ApiError(409, { type: "/problems/sold-out", detail: "Only 1 left." });
  expect(explain(soldOut).text).toMatch(/^Only 1 left\. Nothing was held/);
  const early = new ApiError(409, { type: "/problems/not-on-sale", on_sale_at: "2030-01-05T09:00:00Z" });
  expect(explain(early).text).toMatch(/opens on .*January/);
  const late = new ApiError(409, { type: "/problems/not-on-sale" });
  expect(explain(late).title).toBe("The sale has ended");
});

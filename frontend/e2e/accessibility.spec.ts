import type { Page } from "@playwright/test";
import axe from "axe-core";
import { publishWithRoom, ROOM_EVENT } from "./rooms.ts";
import {
  buy,
  EVENTS,
  expect,
  goToPayPage,
  holdBestSeats,
  holdTickets,
  open,
  payWith,
  test,
} from "./visitor.ts";

const CARDS = { declined: "4000000000000002", asksTheBank: "4000000000003220" };
const WCAG_22_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** What axe finds against WCAG 2.2 AA, in both colour schemes. */
async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(axe.source);
  for (const colorScheme of ["light", "dark"] as const) {
    // Without motion, or colours would be measured half-way between the schemes.
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const found = await page.evaluate(async (tags) => {
      const { violations, passes } = await axe.run({ runOnly: tags });
      return {
        passes: passes.length,
        violations: violations.map(
          ({ id, nodes }) =>
            `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(" ")}`,
        ),
      };
    }, WCAG_22_AA);
    expect(found.violations, colorScheme).toEqual([]);
    expect(found.passes).toBeGreaterThan(5);
  }
}

test("the list, a search without a result, and an unknown page", async ({ page }) => {
  await page.goto("/");
  await expect(page.getByRole("link", { name: EVENTS.festival })).toBeVisible();
  await expectAccessible(page);
  await page.goto("/?q=nothingofthekind&city=Nowhere");
  await expect(page.getByText("Nothing matches your search")).toBeVisible();
  await expectAccessible(page);
  await page.goto("/nowhere");
  await expectAccessible(page);
});

test("the status", async ({ page }) => {
  await page.goto("/status");
  await expect(page.getByRole("heading", { name: "Stock, orders and money" })).toBeVisible();
  await expectAccessible(page);
});

test("an event to buy, one that is sold out, and one to come", async ({ page }) => {
  await open(page, EVENTS.festival);
  await expectAccessible(page);
  await open(page, EVENTS.soldOut);
  await expect(page.getByText("Sold out at the moment")).toBeVisible();
  await expectAccessible(page);
  await page.route(/\/api\/events\/\d+$/, async (route) => {
    const event = await (await route.fetch()).json();
    const on_sale_at = new Date(Date.now() + 3_000_000).toISOString();
    const ticket_types = event.ticket_types.map((type: object) => ({ ...type, on_sale_at }));
    await route.fulfill({ json: { ...event, on_sale_at, ticket_types } });
  });
  await open(page, EVENTS.festival);
  await expect(page.getByText(/^The sale opens on/)).toBeVisible();
  await expectAccessible(page);
});

test("the hall with chosen seats, basket, its question and checkout", async ({ page }) => {
  await open(page, EVENTS.hall);
  await page.getByRole("button", { name: /^Choose the best/ }).click();
  await expectAccessible(page);
  await holdBestSeats(page, EVENTS.hall);
  await expectAccessible(page);
  await page.getByRole("button", { name: "Give the tickets back" }).click();
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: "Go to checkout" }).click();
  await page.getByRole("button", { name: /^Pay / }).click();
  await expect(page.getByText("Enter your e-mail address")).toBeVisible();
  await expectAccessible(page);
});

test("an order that waits, a declined one, a paid one and a cancelled one", async ({ page }) => {
  await holdTickets(page, EVENTS.festival, 1);
  await goToPayPage(page);
  await page.getByRole("link", { name: /Back to the shop/ }).click();
  await expect(page.getByRole("link", { name: "Pay now" })).toBeVisible();
  await expectAccessible(page);
  await page.route("**/api/orders/*", async (route) => {
    const order = await (await route.fetch()).json();
    const payment = { status: "failed", failure: "card_declined", payment_url: null };
    await route.fulfill({ json: { ...order, payment } });
  });
  await expect(page.getByRole("heading", { name: "The payment did not go through" })).toBeVisible();
  await expectAccessible(page);
  await page.unroute("**/api/orders/*");
  await buy(page, EVENTS.festival, 1);
  await expectAccessible(page);
  await page.getByRole("button", { name: "Cancel the order" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel the order" }).click();
  await expect(page.getByRole("heading", { name: "This order is cancelled" })).toBeVisible();
  await expectAccessible(page);
});

test("the provider's page: to pay, after a wrong card and a declined one, at the bank, and when it is over", async ({
  page,
}) => {
  await holdTickets(page, EVENTS.festival, 1);
  await goToPayPage(page);
  await expectAccessible(page);
  const payPage = page.url();
  await payWith(page, "1234");
  await expect(page.getByText("That is not one of the test cards")).toBeVisible();
  await expectAccessible(page);
  await payWith(page, CARDS.declined);
  await expect(page.getByRole("alert")).toContainText("declined");
  await page.getByText("Try what can happen with other cards").click();
  await expectAccessible(page);
  await payWith(page, CARDS.asksTheBank);
  await expect(page.getByRole("heading", { name: "Is this you?" })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Approve" }).click();
  await expect(page.getByRole("heading", { name: "Your tickets" })).toBeVisible();
  await page.goto(payPage);
  await expect(page.getByRole("heading", { name: "Paid" })).toBeVisible();
  await expectAccessible(page);
  await page.goto(`${payPage}x`);
  await expect(page.getByRole("heading", { name: "No such payment" })).toBeVisible();
  await expectAccessible(page);
  await page.goto(new URL("/", payPage).href);
  await expect(page.getByRole("heading", { name: "Nothing to pay" })).toBeVisible();
  await expectAccessible(page);
});

test("the waiting room before the opening, in line, without a place and sold out, on the narrowest phone", async ({
  page,
}) => {
  test.skip(!process.env.SHOP_DATABASE_URL, "needs the database of the shop, to publish an event");
  await page.setViewportSize({ width: 320, height: 640 });
  const id = await publishWithRoom(page.request, { capacity: 50, on_sale_at: "+20m" });
  const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
  await page.goto(`/events/${id}`);
  await expect(page.getByText("Tickets are sold in turn")).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Take a place" }).click();
  await expect(page.getByText("1 person has a place so far.")).toBeVisible();
  await expectAccessible(page);
  expect(await fits()).toBe(true);
  const place = await (await page.request.get(`/api/events/${id}/place`)).json();
  const until = new Date(Date.now() + 240_000).toISOString();
  const estimate_seconds = { from: 5000, to: 9000 };
  for (const [told, seen] of [
    [{ state: "waiting", position: 98_765, waiting: 123_456, estimate_seconds }, "98,765"],
    [{ state: "closed" }, `${ROOM_EVENT} is sold out`],
    [{ state: "admitted", admission_expires_at: until }, /^Your turn to choose until/],
    [{ state: "expired" }, "Your place has run out"],
  ] as const) {
    await page.route("**/place", (route) => route.fulfill({ json: { ...place, ...told } }));
    await page.goto(`/events/${id}/queue`);
    await expect(page.getByText(seen, { exact: true })).toBeVisible();
    await expectAccessible(page);
    expect(await fits()).toBe(true);
  }
});

test("on a phone only the hall scrolls sideways, seats are large enough to hit, and chosen ones in sight", async ({
  page,
}) => {
  await page.setViewportSize({ width: 320, height: 640 });
  await page.goto("/");
  await expect(page.getByRole("link", { name: EVENTS.festival })).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  await open(page, EVENTS.hall);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  const seat = await page.getByRole("checkbox").first().boundingBox();
  expect(Math.min(seat?.width ?? 0, seat?.height ?? 0)).toBeGreaterThanOrEqual(24);
  await page.getByRole("checkbox").last().scrollIntoViewIfNeeded();
  await page.getByRole("button", { name: /^Choose the best/ }).click();
  const chosen = page.getByRole("checkbox", { checked: true }).first();
  await expect
    .poll(async () => {
      const { x = 0, width = 0 } = (await chosen.boundingBox()) ?? {};
      return x > 0 && x + width < 320;
    })
    .toBe(true);
});

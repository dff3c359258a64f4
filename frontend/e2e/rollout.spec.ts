/** A new version went live: files of the build that the visitor's page is of are gone, each of them or one. */
import type { Page } from "@playwright/test";
import { EVENTS, expect, holdTickets, test as visitorTest } from "./visitor.ts";

// The browser itself says that a file is gone, and React that a page broke: here both are meant.
const test = visitorTest.extend({ page: async ({ context }, use) => use(await context.newPage()) });

const ENTRY = /\/assets\/index-[^/]+\.js$/;
const LOOKS = /\/assets\/index-[^/]+\.css$/;
const BASKET = /\/assets\/basket-page-[^/]+\.js$/;
const MEASURING = /\/assets\/vitals-[^/]+\.js$/;

/** Answers these with 404, at most so many times; the list gets longer by one each time. */
async function lose(page: Page, files: RegExp, times = Number.POSITIVE_INFINITY): Promise<string[]> {
  const lost: string[] = [];
  await page.route(files, (route) => {
    if (lost.length === times) {
      return route.fallback();
    }
    lost.push(route.request().url());
    return route.fulfill({ status: 404, headers: { "cache-control": "no-store" }, body: "Not found\n" });
  });
  return lost;
}

/** Addresses at which the page was opened. */
function openings(page: Page): string[] {
  const paths: string[] = [];
  page.on("request", (request) => {
    if (request.isNavigationRequest()) {
      paths.push(new URL(request.url()).pathname);
    }
  });
  return paths;
}

test("a page whose script is gone asks for itself once more and opens", async ({ page }) => {
  const lost = await lose(page, ENTRY, 1);
  const opened = openings(page);
  await page.goto("/status?of=today");
  await expect(page.getByRole("heading", { level: 1 })).not.toHaveText("This page did not open");
  await expect(page.getByRole("link", { name: "AegisTickets" })).toBeVisible();
  expect(lost).toHaveLength(1);
  expect(opened).toEqual(["/status", "/status"]);
  expect(new URL(page.url()).search).toBe("?of=today");
});

test("a page whose looks are gone asks for itself once more, and goes without when they stay away", async ({
  page,
}) => {
  const lost = await lose(page, LOOKS);
  const opened = openings(page);
  await page.goto("/");
  await expect.poll(() => opened).toEqual(["/", "/"]);
  await expect(page.getByRole("link", { name: EVENTS.festival })).toBeVisible();
  await expect(page.getByRole("heading", { name: "This page did not open" })).toBeHidden();
  expect(lost).toHaveLength(2);
});

test("a page whose script stays away says so, and asks once more when it is told to", async ({ page }) => {
  const lost = await lose(page, ENTRY);
  const opened = openings(page);
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "This page did not open" })).toBeVisible();
  await expect(page.getByText("Tickets in your basket stay held")).toBeVisible();
  expect([lost.length, opened.length]).toEqual([2, 2]);
  await page.unroute(ENTRY);
  await page.getByRole("button", { name: "Load again" }).click();
  await expect(page.getByRole("link", { name: EVENTS.festival })).toBeVisible();
});

test("a page that is gone is fetched anew where the visitor wanted to go, whatever was typed before", async ({
  page,
}) => {
  await lose(page, BASKET, 1);
  await page.goto("/");
  await page.getByRole("searchbox", { name: "Event, artist or venue" }).fill("lantern");
  await expect(page.getByText("1 event found")).toBeVisible();
  const opened = openings(page);
  await page.getByRole("link", { name: "Basket" }).click();
  await expect(page.getByRole("heading", { name: "Nothing is held for you" })).toBeVisible();
  expect(opened).toEqual(["/basket"]);
});

test("a page that stays away says so without a loop", async ({ page }) => {
  const lost = await lose(page, BASKET);
  await page.goto("/");
  const opened = openings(page);
  await page.getByRole("link", { name: "Basket" }).click();
  await expect(page.getByRole("heading", { name: "This page did not open" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Load again" })).toBeVisible();
  expect([lost.length, opened]).toEqual([2, ["/basket"]]);
});

test("without a connection nothing is thrown away", async ({ page, context }) => {
  await page.goto("/");
  await expect(page.getByRole("link", { name: EVENTS.festival })).toBeVisible();
  const opened = openings(page);
  await context.setOffline(true);
  await page.getByRole("link", { name: "Basket" }).click();
  await expect(page.getByRole("heading", { name: "This page did not open" })).toBeVisible();
  await expect(page.getByText("You are offline.")).toBeVisible();
  expect(opened).toEqual([]);
  await context.setOffline(false);
  await page.getByRole("button", { name: "Load again" }).click();
  await expect(page.getByRole("heading", { name: "Nothing is held for you" })).toBeVisible();
});

test("what was typed stays, whatever is gone meanwhile", async ({ page }) => {
  await holdTickets(page, EVENTS.festival, 1);
  const typed = Promise.withResolvers<void>();
  await page.route(MEASURING, async (route) => {
    await typed.promise;
    await route.fulfill({ status: 404, body: "Not found\n" });
  });
  await page.addInitScript(() =>
    addEventListener("vite:preloadError", () => document.documentElement.setAttribute("data-lost", "")),
  );
  await page.goto("/checkout");
  await page.getByLabel("E-mail").fill("robin@example.com");
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  typed.resolve();
  await expect(page.locator("html[data-lost]")).toBeAttached();
  expect(asked).not.toContain("/checkout");
  await expect(page.getByLabel("E-mail")).toHaveValue("robin@example.com");
});

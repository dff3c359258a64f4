import { type Shop, startShop } from "./shop.ts";
import { EVENTS, expect, holdTickets, test as visitorTest } from "./visitor.ts";

/** In a shop of its own, where tickets are held for four seconds. */
const test = visitorTest.extend<object, { shop: Shop }>({
  shop: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads from the pattern that nothing is needed
    async ({}, use) => {
      const shop = await startShop({ HOLD_SECONDS: "4" });
      await use(shop);
      await shop.stop();
    },
    { scope: "worker", timeout: 150_000 },
  ],
  baseURL: async ({ shop }, use) => use(shop.url),
});

// One after the other, so that there is one such shop.
test.describe.configure({ mode: "default" });

test("when the time is over, the checkout says where tickets and money are, whether or not one paid", async ({
  page,
}) => {
  await holdTickets(page, EVENTS.festival, 1);
  await expect(page.getByText("less than a minute left")).toBeVisible();
  await page.getByRole("link", { name: "Go to checkout" }).click();
  await expect(page.getByRole("heading", { name: "Checkout" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Nothing is held for you" })).toBeVisible();
  await expect(
    page.getByText(/If you paid, your tickets are in .* If not, nothing was charged/),
  ).toBeVisible();
  await page.getByRole("link", { name: "See what is on" }).click();
  await expect(page.getByRole("heading", { name: "What is on" })).toBeVisible();
});

test("paying a moment too late is refused in words, and nothing is charged", async ({ page }) => {
  await holdTickets(page, EVENTS.festival, 1);
  await page.getByRole("link", { name: "Go to checkout" }).click();
  await page.getByLabel("E-mail").fill("robin@example.com");
  // The page believes that there is time, as one does whose laptop slept.
  const basket = await page.request.get("/api/basket").then((answer) => answer.json());
  await page.route("**/api/basket", (route) =>
    route.fulfill({ json: { ...basket, expires_at: "2999-01-01T00:00:00Z" } }),
  );
  await page.reload();
  await page.getByLabel("E-mail").fill("robin@example.com");
  await expect.poll(async () => (await page.request.get("/api/basket")).status()).toBe(409);
  await page.getByRole("button", { name: /^Pay / }).click();
  await expect(page.getByRole("alert")).toContainText("This basket is closed");
  await expect(page.getByRole("alert")).toContainText("nothing was charged");
});

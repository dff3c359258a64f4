import { buy, EVENTS, expect, goToPayPage, holdTickets, open, payWith, test } from "./visitor.ts";

const DECLINED = "4000000000000002";

test("a visitor finds an event, holds two tickets, pays and has them with codes, PDF and calendar", async ({
  page,
}) => {
  await page.goto("/");
  await page.getByRole("searchbox", { name: "Event, artist or venue" }).fill("lantern");
  await expect(page.getByText("1 event found")).toBeVisible();
  await holdTickets(page, EVENTS.festival, 2);
  await expect(page.getByText("2 tickets held until")).toBeVisible();
  await goToPayPage(page);
  await payWith(page);

  await expect(page.getByRole("heading", { name: "Your tickets" })).toBeVisible();
  await expect(page.getByText("A copy is on its way to robin@example.com.")).toBeVisible();
  const codes = page.getByRole("img", { name: /^Entry code/ });
  await expect(codes).toHaveCount(2);
  for (const code of await codes.all()) {
    await expect
      .poll(() => code.evaluate((image: HTMLImageElement) => image.naturalWidth))
      .toBeGreaterThan(0);
  }
  const pdf = await page.request.get(
    (await page.getByRole("link", { name: "Download as PDF" }).getAttribute("href")) ?? "",
  );
  expect((await pdf.body()).subarray(0, 5).toString()).toBe("%PDF-");
  const calendar = await page.request.get(
    (await page.getByRole("link", { name: "Add to calendar" }).getAttribute("href")) ?? "",
  );
  expect(await calendar.text()).toContain("BEGIN:VEVENT");

  await page.goto("/basket");
  await expect(page.getByRole("heading", { name: "Nothing is held for you" })).toBeVisible();
});

test("how fast the page felt is reported when the visitor leaves", async ({ page }) => {
  const answers: number[] = [];
  page.on("response", (answer) => {
    if (answer.url().endsWith("/api/rum")) {
      answers.push(answer.status());
    }
  });
  await open(page, EVENTS.festival);
  await expect
    .poll(async () => {
      await page.evaluate(() => {
        Object.defineProperty(document, "visibilityState", { get: () => "hidden", configurable: true });
        document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
      });
      return answers;
    })
    .toEqual([204]);
});

test("the order opens again from its link alone", async ({ page, browser }) => {
  await buy(page, EVENTS.festival, 1);
  const elsewhere = await browser.newPage();
  await elsewhere.goto(page.url());
  await expect(elsewhere.getByRole("heading", { name: "Your tickets" })).toBeVisible();
  await elsewhere.goto(page.url().replace(/token=.*/, "token=guessed"));
  await expect(elsewhere.getByRole("heading", { name: "This link does not open an order" })).toBeVisible();
  await elsewhere.close();
});

test("after a declined card the same tickets are paid with another", async ({ page }) => {
  await holdTickets(page, EVENTS.festival, 1);
  await goToPayPage(page);
  await payWith(page, DECLINED);
  await expect(page.getByRole("alert")).toContainText("declined");

  await page.getByRole("link", { name: /Back to the shop/ }).click();
  await expect(page.getByText(/you were not charged/i)).toBeVisible();
  await page.getByRole("link", { name: /Pay now|Pay again/ }).click();
  await payWith(page, "4242424242424242");
  await expect(page.getByRole("heading", { name: "Your tickets" })).toBeVisible();
});

test("whoever leaves the pay page without paying finds the way back to it", async ({ page }) => {
  await holdTickets(page, EVENTS.festival, 1);
  await goToPayPage(page);
  await page.getByRole("link", { name: "Back to the shop without paying" }).click();
  await expect(page.getByRole("heading", { name: "Waiting for the payment" })).toBeVisible();
  await page.getByRole("link", { name: "Pay now" }).click();
  await payWith(page);
  await expect(page.getByRole("heading", { name: "Your tickets" })).toBeVisible();
});

test("free tickets need no pay page", async ({ page }) => {
  await holdTickets(page, EVENTS.free, 2);
  await page.getByRole("link", { name: "Go to checkout" }).click();
  await page.getByRole("checkbox", { name: /I keep the link/ }).check();
  await page.getByRole("button", { name: "Get the tickets" }).click();
  await expect(page.getByRole("img", { name: /^Entry code/ })).toHaveCount(2);
  await expect(page.getByText(/Keep this page's link/)).toBeVisible();
});

test("an order is cancelled after its fee was shown and asked about", async ({ page }) => {
  await buy(page, EVENTS.festival, 1);
  await page.getByRole("button", { name: "Cancel the order" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("less a fee of");
  await dialog.getByRole("button", { name: "Keep the tickets" }).click();
  await expect(dialog).toBeHidden();
  await page.getByRole("button", { name: "Cancel the order" }).click();
  await dialog.getByRole("button", { name: "Cancel the order" }).click();
  await expect(page.getByRole("heading", { name: "This order is cancelled" })).toBeVisible();
  expect(await page.evaluate(() => window.scrollY)).toBe(0);
  await expect(page.getByText(/€94\.99 (is on its way|was paid) back/)).toBeVisible();
});

test("a basket is extended once, loses a line, and is given back", async ({ page }) => {
  await holdTickets(page, EVENTS.festival, 1);
  await holdTickets(page, EVENTS.free, 1);
  await expect(page.getByRole("listitem")).toHaveCount(2);
  await page.getByRole("button", { name: "I need more time" }).click();
  await expect(page.getByRole("button", { name: "I need more time" })).toBeHidden();
  await page.getByRole("button", { name: `Remove ${EVENTS.free}` }).click();
  await expect(page.getByRole("listitem")).toHaveCount(1);
  await page.getByRole("button", { name: "Give the tickets back" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Give back" }).click();
  await expect(page.getByRole("heading", { name: "Nothing is held for you" })).toBeVisible();
});

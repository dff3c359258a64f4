import type { Page } from "@playwright/test";
import { EVENTS, expect, goToPayPage, open, payWith, test } from "./visitor.ts";

test("seats are chosen, held and paid by keyboard alone", async ({ page }) => {
  await open(page, EVENTS.hall);
  const focused = page.locator(":focus");
  await expect(page.getByRole("checkbox").first()).toBeVisible();
  await expect(async () => {
    await page.keyboard.press("Tab");
    await expect(focused).toHaveAttribute("type", "checkbox", { timeout: 50 });
  }).toPass();
  await expect(focused).toHaveAccessibleName(/^Row A seat \d+, 65\.00 EUR, available$/);
  const first = await focused.getAttribute("aria-label");
  await page.keyboard.press("Space");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowRight");
  await expect(focused).toHaveAccessibleName(/^Row B seat \d+/);
  await page.keyboard.press("Space");
  await expect(page.getByRole("checkbox", { name: first ?? "" })).toBeChecked();

  const hold = page.getByRole("button", { name: "Hold 2 seats" });
  await expect(async () => {
    await page.keyboard.press("Shift+Tab");
    await expect(hold).toBeFocused({ timeout: 50 });
  }).toPass();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Your basket" })).toBeFocused();
  await goToPayPage(page);
  await payWith(page);
  await expect(page.getByText(/^Stalls, row [AB], seat/)).toHaveCount(2);
});

test("of two visitors who want one seat, one has it and the other is told what happened", async ({
  browser,
}) => {
  const [one, other] = await Promise.all([browser.newPage(), browser.newPage()]);
  const pages = [one, other];
  for (const page of pages) {
    await page.goto(process.env.SHOP_URL ?? "");
    await page.getByRole("link", { name: EVENTS.otherHall, exact: true }).click();
  }
  const seat = await freeSeat(one, "first");
  for (const page of pages) {
    await page.getByRole("checkbox", { name: seat }).check();
  }
  await Promise.all(pages.map((page) => page.getByRole("button", { name: "Hold 1 seat" }).click()));

  const inBasket = (page: Page) => page.getByRole("heading", { name: "Your basket" });
  const refused = (page: Page) => page.getByRole("alert").filter({ hasText: "Someone was a moment faster" });
  for (const page of pages) {
    await expect(inBasket(page).or(refused(page))).toBeVisible();
  }
  const loser = (await refused(one).isVisible()) ? one : other;
  const winner = loser === one ? other : one;
  await expect(inBasket(winner)).toBeVisible();
  await expect(refused(loser)).toContainText("None was held and nothing was charged");
  await expect(
    loser.getByRole("checkbox", { name: `${seat.split(", ")[0]}, 72.00 EUR, held by someone` }),
  ).not.toBeChecked();
  await Promise.all(pages.map((page) => page.close()));
});

test("a seat that someone else takes is seen to go, without a reload", async ({ page, browser }) => {
  await open(page, EVENTS.otherHall);
  const seat = await freeSeat(page, "last");
  await page.getByRole("checkbox", { name: seat }).check();
  const other = await browser.newPage();
  await other.goto(process.env.SHOP_URL ?? "");
  await other.getByRole("link", { name: EVENTS.otherHall, exact: true }).click();
  await other.getByRole("checkbox", { name: seat }).check();
  await other.getByRole("button", { name: "Hold 1 seat" }).click();
  await expect(page.getByText(`${seat.split(",")[0]} was just taken.`, { exact: true })).toBeVisible();
  await expect(page.getByRole("status").filter({ hasText: "0 seats still chosen" })).toBeAttached();
  await other.close();
});

/** The name of a seat that is free now; each test asks from its own end of the hall. */
async function freeSeat(page: Page, which: "first" | "last"): Promise<string> {
  const free = page.getByRole("checkbox", { name: /72\.00 EUR, available$/ });
  return (await free[which]().getAttribute("aria-label")) ?? "";
}

import { test as base, expect, type Page } from "@playwright/test";

/** Events of the demo season, by what they stand for. */
export const EVENTS = {
  festival: "Lantern Summer",
  hall: "Strings by Candlelight",
  otherHall: "The Snow Road",
  free: "Open Doors Day",
  soldOut: "The Small Hours",
  twoNights: "Tape & Static",
} as const;

/** A test whose page is at the shop, and that fails when the browser reports an error or a broken policy. */
export const test = base.extend<{ page: Page }>({
  baseURL: async ({ baseURL: _ }, use) => use(process.env.SHOP_URL),
  page: async ({ page }, use) => {
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("console", (message) => {
      // A refused request is the page's business and shown by it; anything else is a fault.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
        errors.push(message.text());
      }
    });
    await use(page);
    expect(errors).toEqual([]);
  },
});

export async function open(page: Page, event: string): Promise<void> {
  await page.goto("/");
  await page.getByRole("link", { name: event, exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: event })).toBeVisible();
}

/** From the list to the basket with this many tickets of an event without seats. */
export async function holdTickets(page: Page, event: string, tickets: number): Promise<void> {
  await open(page, event);
  for (let count = 1; count < tickets; count += 1) {
    await page.getByRole("button", { name: /^One more/ }).click();
  }
  await page.getByRole("button", { name: /^Hold \d/ }).click();
  await expect(page.getByRole("heading", { name: "Your basket" })).toBeVisible();
}

export async function holdBestSeats(page: Page, event: string): Promise<void> {
  await open(page, event);
  await page.getByRole("button", { name: /^Choose the best/ }).click();
  await page.getByRole("button", { name: /^Hold \d/ }).click();
  await expect(page.getByRole("heading", { name: "Your basket" })).toBeVisible();
}

/** From the basket to the provider's pay page. */
export async function goToPayPage(page: Page, email = "robin@example.com"): Promise<void> {
  await page.getByRole("link", { name: "Go to checkout" }).click();
  await page.getByLabel("E-mail").fill(email);
  await page.getByRole("button", { name: /^Pay / }).click();
  await expect(page.getByLabel("Card number")).toBeVisible();
}

/** Pays with one of the provider's test cards, or with the one it offers. */
export async function payWith(page: Page, card?: string): Promise<void> {
  if (card !== undefined) {
    await page.getByLabel("Card number").fill(card);
  }
  await page.getByRole("button", { name: /^Pay / }).click();
}

/** All the way to paid tickets. */
export async function buy(page: Page, event: string, tickets: number): Promise<void> {
  await holdTickets(page, event, tickets);
  await goToPayPage(page);
  await payWith(page);
  await expect(page.getByRole("heading", { name: "Your tickets" })).toBeVisible();
}

export { expect };

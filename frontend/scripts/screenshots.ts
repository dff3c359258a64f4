/** Photographs the shop at BASE_URL for docs/screenshots, by buying two seats in it. */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium, type Page } from "@playwright/test";
import { launchOptions } from "./browser.ts";

const SHOP = process.env.BASE_URL ?? "http://localhost:8080";
const PICTURES = fileURLToPath(new URL("../../docs/screenshots/", import.meta.url));
const HALL = "Strings by Candlelight";

const DESK = {
  viewport: { width: 1280, height: 900 },
  locale: "en-GB",
  timezoneId: "Europe/Dublin",
  reducedMotion: "reduce",
} as const;
const PHONE = { ...DESK, viewport: { width: 390, height: 844 }, hasTouch: true, deviceScaleFactor: 2 };

async function picture(page: Page, name: string): Promise<void> {
  await page.evaluate(() =>
    Promise.all([
      document.fonts.ready,
      ...[...document.images].map((image) => image.decode().catch(() => null)),
    ]),
  );
  await page.screenshot({ path: `${PICTURES}${name}.png` });
  console.log(`docs/screenshots/${name}.png`);
}

/** From the list to paid tickets, with a picture of each screen; `mark` ends their names. */
async function visit(page: Page, mark: string): Promise<void> {
  await page.goto(SHOP);
  await page.getByRole("link", { name: HALL, exact: true }).waitFor();
  await picture(page, `list${mark}`);
  await page.getByRole("link", { name: HALL, exact: true }).click();
  await page.getByRole("button", { name: /^Choose the best/ }).click();
  await page
    .getByRole("heading", { name: "Choose your seats" })
    .evaluate((heading) => heading.scrollIntoView());
  await picture(page, `event-seats${mark}`);
  await page.getByRole("button", { name: /^Hold \d/ }).click();
  await page.getByRole("heading", { name: "Your basket" }).waitFor();
  await picture(page, `basket${mark}`);
  await page.getByRole("link", { name: "Go to checkout" }).click();
  await page.getByLabel("E-mail").fill("robin@example.com");
  await picture(page, `checkout${mark}`);
  await page.getByRole("button", { name: /^Pay / }).click();
  await page.getByLabel("Card number").waitFor();
  await picture(page, `pay${mark}`);
  await page.getByRole("button", { name: /^Pay / }).click();
  await page.getByRole("heading", { name: "Your tickets" }).waitFor();
  await picture(page, `order${mark}`);
}

mkdirSync(PICTURES, { recursive: true });
const browser = await chromium.launch(launchOptions());
try {
  await visit(await browser.newPage({ ...DESK, colorScheme: "light" }), "");
  await visit(await browser.newPage({ ...DESK, colorScheme: "dark" }), "-dark");
  await visit(await browser.newPage({ ...PHONE, colorScheme: "light" }), "-phone");
} finally {
  await browser.close();
}

/** Photographs the shop at BASE_URL for docs/screenshots, by buying two seats in it. */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium, type Page } from "@playwright/test";
import { launchOptions } from "./browser.ts";
import { fillRoom, takePlace, untilOpen } from "./room.ts";

const SHOP = process.env.BASE_URL ?? "http://localhost:8080";
const PICTURES = fileURLToPath(new URL("../../docs/screenshots/", import.meta.url));
const HALL = "The Snow Road";
/** Its sale begins two minutes after the shop. */
const WITH_ROOM = "Northern Echo";
/** Prometheus needs two looks at the shop before it says anything of it; where there is none, nothing will come. */
const PROMISE_JUDGED =
  /^(Every budget|\d+ budgets? (is|are) used up|Something is wrong)|^Prometheus is missing$/;

const DESK = {
  viewport: { width: 1280, height: 900 },
  locale: "en-GB",
  timezoneId: "Europe/Dublin",
  reducedMotion: "reduce",
} as const;
const PHONE = { ...DESK, viewport: { width: 390, height: 844 }, hasTouch: true, deviceScaleFactor: 2 };

async function photograph(page: Page, name: string): Promise<void> {
  await page.mouse.move(0, 0); // or what was clicked last looks hovered
  await page.evaluate(() =>
    Promise.all([
      document.fonts.ready,
      ...[...document.images].map((image) => image.decode().catch(() => null)),
    ]),
  );
  await page.screenshot({ path: `${PICTURES}${name}.png` });
  console.log(`docs/screenshots/${name}.png`);
}

/** From the list to paid tickets, with a picture of the screens named; `mark` ends the pictures' names. */
async function visit(page: Page, mark: string, screens: readonly string[]): Promise<void> {
  const picture = async (screen: string) => {
    if (screens.includes(screen)) {
      await photograph(page, `${screen}${mark}`);
    }
  };
  await page.goto(SHOP);
  await page.getByRole("link", { name: HALL, exact: true }).waitFor();
  await picture("list");
  await page.getByRole("link", { name: HALL, exact: true }).click();
  await page.getByRole("button", { name: /^Choose the best/ }).click();
  await page
    .getByRole("heading", { name: "Choose your seats" })
    .evaluate((heading) => heading.scrollIntoView());
  await picture("event-seats");
  await page.getByRole("button", { name: /^Hold \d/ }).click();
  await page.getByRole("heading", { name: "Your basket" }).waitFor();
  await picture("basket");
  await page.getByRole("link", { name: "Go to checkout" }).click();
  await page.getByLabel("E-mail").fill("robin@example.com");
  await picture("checkout");
  await page.getByRole("button", { name: /^Pay / }).click();
  await page.getByLabel("Card number").waitFor();
  await picture("pay");
  await page.getByRole("button", { name: /^Pay / }).click();
  await page.getByRole("heading", { name: "Your tickets" }).waitFor();
  await picture("order");
  if (screens.includes("status")) {
    await page.goto(`${SHOP}/status`);
    await page.getByText(PROMISE_JUDGED).waitFor({ timeout: 180_000 });
    await page
      .getByRole("heading", { name: "What is promised" })
      .evaluate((heading) => heading.scrollIntoView());
    await picture("status");
  }
}

/** In the waiting room, once it says this. */
async function wait(page: Page, name: string, state: string | RegExp): Promise<void> {
  await takePlace(page, SHOP, WITH_ROOM);
  await page.getByText(state, { exact: true }).waitFor({ timeout: 90_000 });
  await photograph(page, name);
}

mkdirSync(PICTURES, { recursive: true });
const browser = await chromium.launch(launchOptions());
try {
  await fillRoom(SHOP, WITH_ROOM, 300);
  const early = await browser.newPage({ ...DESK, colorScheme: "light" });
  await wait(early, "waiting-room-before", "You have a place");
  await early.close();
  await untilOpen(SHOP, WITH_ROOM);
  await fillRoom(SHOP, WITH_ROOM, 2000);
  for (const [mark, looks] of [
    ["", { ...DESK, colorScheme: "light" }],
    ["-dark", { ...DESK, colorScheme: "dark" }],
    ["-phone", { ...PHONE, colorScheme: "light" }],
  ] as const) {
    await wait(
      await browser.newPage(looks),
      `waiting-room${mark}`,
      /^Your turn comes in (about \d to|up to) \d minutes/,
    );
  }
} finally {
  await browser.close();
}

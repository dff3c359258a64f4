import { defineConfig } from "@playwright/test";
import { launchOptions } from "./scripts/browser.ts";

export default defineConfig({
  testDir: "e2e",
  globalSetup: "./e2e/start-shop.ts",
  // A shop, its database and browsers share the machine; two at a time is what two cores serve well.
  workers: 2,
  fullyParallel: true,
  forbidOnly: Boolean(process.env.CI),
  timeout: 45_000,
  expect: { timeout: 10_000 },
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    launchOptions: launchOptions(),
    locale: "en-GB",
    timezoneId: "Europe/Dublin",
    viewport: { width: 390, height: 844 },
    screenshot: "only-on-failure",
    trace: "retain-on-failure",
  },
});

/** Opens PAGE_URL as VISITS visitors who have never been there; says how many seconds each took to its LCP, as JSON. */
import { type Browser, chromium } from "@playwright/test";
import { launchOptions } from "./browser.ts";

const PAGE = process.env.PAGE_URL ?? "http://localhost:8080/events/1";
const VISITS = Number(process.env.VISITS ?? "20");
const SETTLED_MS = 300;

/** The largest paint so far, once no larger one has come for a moment. */
async function largestPaint(browser: Browser): Promise<number> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(PAGE);
    await page.getByRole("heading", { level: 1 }).waitFor();
    const milliseconds = await page.evaluate(
      (settled) =>
        new Promise<number>((resolve) => {
          let latest = 0;
          let timer = setTimeout(() => resolve(latest), 5000);
          new PerformanceObserver((list) => {
            latest = list.getEntries().at(-1)?.startTime ?? latest;
            clearTimeout(timer);
            timer = setTimeout(() => resolve(latest), settled);
          }).observe({ type: "largest-contentful-paint", buffered: true });
        }),
      SETTLED_MS,
    );
    if (milliseconds === 0) {
      throw new Error(`nothing was painted at ${PAGE}`);
    }
    return milliseconds / 1000;
  } finally {
    await context.close();
  }
}

const browser = await chromium.launch(launchOptions());
try {
  const paints: number[] = [];
  await largestPaint(browser); // the browser's own start is no visit
  while (paints.length < VISITS) {
    paints.push(await largestPaint(browser));
  }
  console.log(JSON.stringify(paints));
} finally {
  await browser.close();
}

import { type Metric, onCLS, onINP, onLCP } from "web-vitals";

type PageName = "list" | "event" | "basket" | "checkout" | "order";

const PAGES: readonly (readonly [RegExp, PageName])[] = [
  [/^\/$/, "list"],
  [/^\/events\//, "event"],
  [/^\/basket$/, "basket"],
  [/^\/checkout$/, "checkout"],
  [/^\/orders\//, "order"],
];

/** The kind of page at a path; null for pages nobody measures. */
export function pageName(path: string): PageName | null {
  return PAGES.find(([pattern]) => pattern.test(path))?.[1] ?? null;
}

/** Sends LCP, INP and CLS once, when the page is first hidden, in a small request that outlives it. */
export function reportVitals(): void {
  const page = pageName(location.pathname);
  if (page === null) {
    return;
  }
  const waiting = new Map<string, number>();
  const note = ({ name, value }: Metric) => void waiting.set(name, value);
  onLCP(note);
  onINP(note);
  onCLS(note);
  const report = () => {
    if (document.visibilityState === "hidden" && waiting.size > 0) {
      removeEventListener("visibilitychange", report);
      send(page, waiting);
    }
  };
  // On the window, so that it comes after the library's own listeners on the document.
  addEventListener("visibilitychange", report);
}

function send(page: PageName, measured: ReadonlyMap<string, number>): void {
  const metrics = Array.from(measured, ([name, value]) => ({ name, value }));
  navigator.sendBeacon(
    "/api/rum",
    new Blob([JSON.stringify({ page, metrics })], { type: "application/json" }),
  );
}

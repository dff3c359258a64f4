import { expect, test, vi } from "vitest";
import { onCLS, onINP, onLCP } from "web-vitals";
import { reportVitals } from "./vitals.ts";

vi.mock("web-vitals", () => ({ onLCP: vi.fn(), onINP: vi.fn(), onCLS: vi.fn() }));

function hide(): void {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
  document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
}

function measured(hook: unknown, name: string, value: number): void {
  vi.mocked(hook as typeof onLCP).mock.calls[0]?.[0]({ name, value } as never);
}

test("the vitals of a visit are sent once, when the page is first hidden", async () => {
  const sendBeacon = vi.fn<(url: string, body: Blob) => boolean>(() => true);
  vi.stubGlobal("navigator", { ...navigator, sendBeacon });
  history.replaceState(null, "", "/events/1");
  reportVitals();
  measured(onLCP, "LCP", 812.5);
  measured(onINP, "INP", 40);
  measured(onCLS, "CLS", 0.02);
  hide();
  hide();
  expect(sendBeacon).toHaveBeenCalledTimes(1);
  const [url, body] = sendBeacon.mock.calls[0] ?? [];
  expect(url).toBe("/api/rum");
  expect(body?.type).toBe("application/json");
  expect(JSON.parse((await body?.text()) ?? "")).toEqual({
    page: "event",
    metrics: [
      { name: "LCP", value: 812.5 },
      { name: "INP", value: 40 },
      { name: "CLS", value: 0.02 },
    ],
  });
  vi.unstubAllGlobals();
});

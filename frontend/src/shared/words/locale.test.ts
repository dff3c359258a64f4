import { expect, test, vi } from "vitest";

test.each([
  [["de-DE", "en-US"], "en-US"],
  [["en-US@posix", "en"], "en"],
  [["de-DE"], "en-GB"],
])("of the languages %j the page takes %s", async (languages, locale) => {
  vi.resetModules();
  vi.stubGlobal("navigator", { languages });
  expect((await import("./locale.ts")).LOCALE).toBe(locale);
  vi.unstubAllGlobals();
});

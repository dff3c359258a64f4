/** The visitor's kind of English, so that dates and money fit the words around them. */
export const LOCALE =
  globalThis.navigator?.languages?.find((tag) => /^en\b/i.test(tag) && usable(tag)) ?? "en-GB";

/** Some browsers offer what no Intl takes, "en-US@posix" for one. */
function usable(tag: string): boolean {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(tag).length > 0;
  } catch {
    return false;
  }
}

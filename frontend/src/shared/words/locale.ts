/** The visitor's kind of English, so that dates and money fit the words around them. */
export const LOCALE = globalThis.navigator?.languages?.find((tag) => /^en\b/i.test(tag)) ?? "en-GB";

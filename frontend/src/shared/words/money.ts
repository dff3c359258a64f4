import { LOCALE } from "./locale.ts";

/** 45 and EUR as the page shows it: "€45.00"; nothing to pay is "Free". */
export function money(amount: number, currency: string): string {
  return amount === 0 ? "Free" : sum(amount, currency);
}

/** As `money`, but zero stays a sum: for totals and fees. */
export function sum(amount: number, currency: string): string {
  return new Intl.NumberFormat(LOCALE, {
    style: "currency",
    currency,
    currencyDisplay: "narrowSymbol",
  }).format(amount);
}

/** "45.00 EUR", for names that are read aloud. */
export function spokenMoney(amount: number, currency: string): string {
  if (amount === 0) {
    return "free";
  }
  const parts = new Intl.NumberFormat(LOCALE, { style: "currency", currency }).formatToParts(amount);
  const digits = parts.filter((part) => part.type !== "currency" && part.type !== "literal");
  return `${digits.map((part) => part.value).join("")} ${currency}`;
}

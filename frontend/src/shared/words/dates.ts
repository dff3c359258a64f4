import { LOCALE } from "./locale.ts";

const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone;

function format(iso: string | number, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(LOCALE, options).format(new Date(iso));
}

/** "Sat 12 December 2026, 19:30" on the venue's clock; the zone is named when it is not the visitor's. */
export function eventDate(iso: string, timeZone: string): string {
  const day = format(iso, { weekday: "short", day: "numeric", month: "long", year: "numeric", timeZone });
  return `${day}, ${eventTime(iso, timeZone)}`;
}

/** "Sat 12 December 2026, 19:30", with "GMT-5" added for a visitor elsewhere: for lists. */
export function eventDateShort(iso: string, timeZone: string): string {
  const day = format(iso, { weekday: "short", day: "numeric", month: "long", year: "numeric", timeZone });
  const zone: Intl.DateTimeFormatOptions = sameClock(iso, timeZone) ? {} : { timeZoneName: "short" };
  return `${day}, ${format(iso, { hour: "2-digit", minute: "2-digit", timeZone, ...zone })}`;
}

/** "19:30", or "19:30 (New York time)" for a visitor elsewhere. */
export function eventTime(iso: string, timeZone: string): string {
  const time = format(iso, { hour: "2-digit", minute: "2-digit", timeZone });
  return sameClock(iso, timeZone) ? time : `${time} (${placeOf(timeZone)} time)`;
}

/** "20:14" on the visitor's own clock, for what happens to the visitor. */
export function clockTime(iso: string | number): string {
  return format(iso, { hour: "2-digit", minute: "2-digit" });
}

/** "5 December, 10:00" on the visitor's own clock. */
export function moment(iso: string): string {
  return `${format(iso, { day: "numeric", month: "long" })}, ${clockTime(iso)}`;
}

/** "5 December 2026, 19:30": a deadline, on the venue's clock. */
export function deadline(iso: string, timeZone: string): string {
  const day = format(iso, { day: "numeric", month: "long", year: "numeric", timeZone });
  return `${day}, ${eventTime(iso, timeZone)}`;
}

function sameClock(iso: string, timeZone: string): boolean {
  const shape: Intl.DateTimeFormatOptions = { dateStyle: "short", timeStyle: "short" };
  return format(iso, { ...shape, timeZone }) === format(iso, { ...shape, timeZone: HERE });
}

/** "New York" from "America/New_York". */
function placeOf(timeZone: string): string {
  return (timeZone.split("/").at(-1) ?? timeZone).replaceAll("_", " ");
}

import { LOCALE } from "./locale.ts";

const integer = new Intl.NumberFormat(LOCALE);

/** "1,200". */
export function whole(count: number): string {
  return integer.format(count);
}

/** "1 ticket", "2 tickets", "1,200 tickets". */
export function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${integer.format(count)} ${count === 1 ? singular : plural}`;
}

const MANY = 1000;

/** "38 left"; more than a thousand are not counted out. */
export function ticketsLeft(count: number): string {
  return count > MANY ? `Over ${integer.format(MANY)} left` : `${integer.format(count)} left`;
}

/** "12.5%" from 12.5. */
export function percent(value: number): string {
  return new Intl.NumberFormat(LOCALE, { style: "percent", maximumFractionDigits: 2 }).format(value / 100);
}

import type { Budget, Status, Tier } from "#shared/api/types.ts";
import { counted } from "#shared/words/counts.ts";
import { LOCALE } from "#shared/words/locale.ts";

const PERCENT = new Intl.NumberFormat(LOCALE, { style: "percent", maximumFractionDigits: 2 });
const RATE = new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 3 });

/** "99.9%" from 0.999. */
export function share(value: number): string {
  return PERCENT.format(value);
}

const REST = new Intl.NumberFormat(LOCALE, { style: "percent", maximumFractionDigits: 1 });

const LIMIT = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 20 });

/** A limit as slo.yaml has it: "13.44". */
export function limitWords(value: number): string {
  return LIMIT.format(value);
}

/** "0.25", "13.4", "1,000". */
export function rate(value: number): string {
  return RATE.format(value);
}

export function budgetWords({ left }: Budget): string {
  if (left === null) {
    return "Nothing measured yet";
  }
  return left >= 0
    ? `${REST.format(left)} of the budget left`
    : `Overspent by ${REST.format(-left)} of the budget`;
}

const CHANGES: Readonly<Record<Tier["excepted"][number], string>> = {
  feature: "features",
  fix: "fixes",
  security: "security fixes",
  rollback: "rollbacks",
};
const LIST = new Intl.ListFormat(LOCALE, { style: "long", type: "conjunction" });

/** What the gate lets out while so much of the budget is left; null when that is everything. */
export function tierWords({ verdict, excepted }: Tier): string | null {
  if (verdict === "allow") {
    return null;
  }
  if (verdict === "warn") {
    return "Releases go out with care";
  }
  const changes = [...new Set([...excepted, "rollback" as const])].map((change) => CHANGES[change]);
  return `Only ${LIST.format(changes)} may go out`;
}

export function burnWords({ window, rate: now }: Budget["burn"][number]): string {
  return now === null ? `no burn rate over ${window}` : `burn rate ${rate(now)} over ${window}`;
}

/** The page in a sentence, the gravest first. */
export function inShort(status: Status): string {
  if (status.invariants.broken.length > 0) {
    return "Stock, orders and money do not agree.";
  }
  const pages = status.alerts.filter(({ severity }) => severity === "page").length;
  if (pages > 0) {
    return `Something is wrong: ${counted(pages, "urgent alert")} firing.`;
  }
  if (status.prometheus !== "connected" && status.prometheus !== "several") {
    return "How the promise is kept is not known.";
  }
  const gone = status.budgets.filter(({ left }) => left !== null && left <= 0).length;
  if (gone > 0) {
    return `${counted(gone, "budget is", "budgets are")} used up.`;
  }
  return status.budgets.some(({ left }) => left !== null)
    ? "Every budget that is measured has something left."
    : "Nothing has been measured yet.";
}

import { percent } from "./counts.ts";
import { deadline } from "./dates.ts";

export interface Terms {
  readonly refundable_until: string;
  readonly timezone: string;
  readonly cancellation_fee_percent: number;
}

/** Until when tickets can be cancelled and what it costs, as shown before paying. */
export function cancellationTerms(terms: Terms, now: number): string {
  if (Date.parse(terms.refundable_until) <= now) {
    return "These tickets cannot be cancelled.";
  }
  const until = `You can cancel until ${deadline(terms.refundable_until, terms.timezone)}`;
  return terms.cancellation_fee_percent > 0
    ? `${until}, for a fee of ${percent(terms.cancellation_fee_percent)} of the price.`
    : `${until}, free of charge.`;
}

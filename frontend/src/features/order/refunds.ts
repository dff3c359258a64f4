import type { Order } from "#shared/api/types.ts";
import { sum } from "#shared/words/money.ts";

type Refund = Order["refunds"][number];

/** What was paid back, what is on its way, and what did not work, each with its amount; "" without refunds. */
export function refundWords({ refunds, currency }: Pick<Order, "refunds" | "currency">): string {
  const amountOf = (...states: readonly Refund["status"][]): string | null => {
    const those = refunds.filter((refund) => states.includes(refund.status));
    return those.length > 0
      ? sum(
          those.reduce((amount, refund) => amount + refund.amount, 0),
          currency,
        )
      : null;
  };
  const [done, coming, failed] = [amountOf("done"), amountOf("due", "in_transit"), amountOf("failed")];
  return [
    done && `${done} was paid back to the card you paid with.`,
    coming && `${coming} is on its way back to the card you paid with; banks take up to five working days.`,
    failed && `Paying back ${failed} did not work by itself; we have seen it and will do it by hand.`,
  ]
    .filter(Boolean)
    .join(" ");
}

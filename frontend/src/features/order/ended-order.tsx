import type { Order } from "#shared/api/types.ts";
import { ButtonLink } from "#shared/ui/button.tsx";
import { EmptyPage } from "#shared/ui/empty-page.tsx";
import { sum } from "#shared/words/money.ts";

/** Cancelled, or never paid in time: what became of the tickets and of the money. */
export function EndedOrder({ order }: { readonly order: Order }) {
  const [title, tickets] =
    order.status === "cancelled"
      ? ["This order is cancelled", "Its tickets are no longer valid."]
      : ["This order was not paid in time", "Its tickets went back on sale."];
  return (
    <EmptyPage title={title} text={`${tickets} ${moneyWords(order)}`}>
      <ButtonLink href="/" look="primary">
        See what is on
      </ButtonLink>
    </EmptyPage>
  );
}

function moneyWords(order: Order): string {
  const back = order.refunds.reduce((amount, refund) => amount + refund.amount, 0);
  const amount = sum(back, order.currency);
  if (order.refunds.length === 0) {
    return order.status === "cancelled" ? "There was nothing to pay back." : "You were not charged.";
  }
  if (order.refunds.some((refund) => refund.status === "failed")) {
    return `Paying back ${amount} did not work by itself; we have seen it and will do it by hand.`;
  }
  return order.refunds.every((refund) => refund.status === "done")
    ? `${amount} was paid back to the card you paid with.`
    : `${amount} is on its way back to the card you paid with; banks take up to five working days.`;
}

import type { Order } from "#shared/api/types.ts";
import { ButtonLink } from "#shared/ui/button.tsx";
import { EmptyPage } from "#shared/ui/empty-page.tsx";
import { refundWords } from "./refunds.ts";

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
  const unpaid = order.status === "cancelled" ? "There was nothing to pay back." : "You were not charged.";
  return refundWords(order) || unpaid;
}

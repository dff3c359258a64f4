import type { Order } from "#shared/api/types.ts";
import { ButtonLink } from "#shared/ui/button.tsx";
import { EmptyPage } from "#shared/ui/empty-page.tsx";
import { sum } from "#shared/words/money.ts";

export function Cancelled({ order }: { readonly order: Order }) {
  const refund = order.total - (order.cancellation_fee ?? 0);
  const money =
    refund > 0
      ? `${sum(refund, order.currency)} is on its way back to the card you paid with. Banks take up to five working days.`
      : "There was nothing to pay back.";
  return (
    <EmptyPage title="This order is cancelled" text={`Its tickets are no longer valid. ${money}`}>
      <ButtonLink href="/">See what is on</ButtonLink>
    </EmptyPage>
  );
}

export function Lapsed() {
  return (
    <EmptyPage
      title="This order was not paid in time"
      text="Its tickets went back on sale. You were not charged; a payment that still arrives is refunded by itself."
    >
      <ButtonLink href="/" look="primary">
        See what is on
      </ButtonLink>
    </EmptyPage>
  );
}

import type { Order } from "#shared/api/types.ts";
import { ButtonAnchor, ButtonLink } from "#shared/ui/button.tsx";
import { Heading } from "#shared/ui/heading.tsx";
import { Notice } from "#shared/ui/notice.tsx";
import { clockTime } from "#shared/words/dates.ts";
import { sum } from "#shared/words/money.ts";
import styles from "./order-page.module.css";

/** Not paid yet: the bank is still deciding, or has said no and can be asked again. */
export function PendingOrder({ order }: { readonly order: Order }) {
  return order.payment?.failure ? <Declined order={order} /> : <Waiting order={order} />;
}

function Waiting({ order }: { readonly order: Order }) {
  return (
    <div className={styles.narrow}>
      <Heading title="Waiting for the payment" />
      <p className={styles.lead} role="status">
        {sum(order.total, order.currency)} is with the bank. Your tickets are kept meanwhile, and appear here
        as soon as it answers.
      </p>
      <p>You can close this page: its link stays good.</p>
      {order.payment?.payment_url && (
        <div className={styles.actions}>
          <ButtonAnchor href={order.payment.payment_url}>Back to the pay page</ButtonAnchor>
        </div>
      )}
    </div>
  );
}

function Declined({ order }: { readonly order: Order }) {
  return (
    <div className={styles.narrow}>
      <Heading title="The payment did not go through" />
      <Notice tone="alarm" title="The bank declined. You were not charged.">
        {order.expires_at === null
          ? "Your tickets are still held for a short time."
          : `Your tickets are still held until ${clockTime(order.expires_at)}.`}{" "}
        Pay again with the same card or another one.
      </Notice>
      <div className={styles.actions}>
        {order.payment?.payment_url ? (
          <ButtonAnchor href={order.payment.payment_url} look="primary">
            Pay again
          </ButtonAnchor>
        ) : (
          <ButtonLink href="/checkout" look="primary">
            Pay again
          </ButtonLink>
        )}
      </div>
    </div>
  );
}

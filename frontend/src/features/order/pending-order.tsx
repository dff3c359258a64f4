import { useEffect, useState } from "react";
import type { Order } from "#shared/api/types.ts";
import { Button, ButtonAnchor } from "#shared/ui/button.tsx";
import { Heading } from "#shared/ui/heading.tsx";
import { ErrorNotice, Notice } from "#shared/ui/notice.tsx";
import { clockTime } from "#shared/words/dates.ts";
import { sum } from "#shared/words/money.ts";
import styles from "./order-page.module.css";
import { usePayAgain } from "./use-pay-again.ts";

/** How long banks usually take to tell; after it the customer may have left the pay page without paying. */
const USUAL_WAIT_MS = 4000;

/** Not paid yet: the bank is still deciding, or has said no and can be asked again. */
export function PendingOrder({ order }: { readonly order: Order }) {
  const refused =
    order.payment?.failure || order.payment?.status === "failed" || order.payment?.status === "cancelled";
  return refused ? <Declined order={order} /> : <Waiting order={order} />;
}

function Waiting({ order }: { readonly order: Order }) {
  const [long, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), USUAL_WAIT_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className={styles.narrow}>
      <Heading title="Waiting for the payment" />
      <p className={styles.lead} role="status">
        {long
          ? "The bank has not told us of a payment yet. If you have paid, your tickets appear here by themselves. If not, you were not charged and can pay now."
          : `Your tickets are kept while the bank answers for ${sum(order.total, order.currency)}, and appear here as soon as it does.`}
      </p>
      <p className={styles.soft}>You can close this page: its link stays good.</p>
      {long && order.payment?.payment_url && (
        <div className={styles.actions}>
          <ButtonAnchor href={order.payment.payment_url} look="primary">
            Pay now
          </ButtonAnchor>
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
        {order.held_until === null
          ? "Your tickets are still held for a short time."
          : `Your tickets are still held until ${clockTime(order.held_until)}.`}{" "}
        Pay again with the same card or another one.
      </Notice>
      <PayAgain order={order} />
    </div>
  );
}

function PayAgain({ order }: { readonly order: Order }) {
  const { payAgain, starting, error } = usePayAgain(order);
  return (
    <>
      <ErrorNotice error={error} />
      <div className={styles.actions}>
        {order.payment?.payment_url ? (
          <ButtonAnchor href={order.payment.payment_url} look="primary">
            Pay again
          </ButtonAnchor>
        ) : (
          <Button look="primary" busy={starting && "One moment…"} onClick={payAgain}>
            Pay again
          </Button>
        )}
      </div>
    </>
  );
}

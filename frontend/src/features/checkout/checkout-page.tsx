import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { basketQuery } from "#shared/api/basket.ts";
import type { Basket } from "#shared/api/types.ts";
import { serverNow } from "#shared/time/clock.ts";
import { Countdown } from "#shared/ui/countdown.tsx";
import { Heading } from "#shared/ui/heading.tsx";
import { Lines } from "#shared/ui/lines.tsx";
import { NoBasket } from "#shared/ui/no-basket.tsx";
import { ErrorNotice } from "#shared/ui/notice.tsx";
import { Skeleton } from "#shared/ui/skeleton.tsx";
import { cancellationTerms } from "#shared/words/cancellation.ts";
import { counted } from "#shared/words/counts.ts";
import { sum } from "#shared/words/money.ts";
import { CheckoutForm } from "./checkout-form.tsx";
import styles from "./checkout-page.module.css";

/** Who the tickets are for, what they cost, and how they can be given back: then to the bank. */
export function CheckoutPage() {
  const { data: basket, error, refetch } = useQuery({ ...basketQuery, refetchOnMount: "always" });
  const checkAgain = useCallback(() => void refetch(), [refetch]);
  if (basket) {
    return <Checkout basket={basket} onEnd={checkAgain} />;
  }
  if (basket === null) {
    return <NoBasket />;
  }
  return error ? <ErrorNotice error={error} /> : <Skeleton height="320px" />;
}

function Checkout({ basket, onEnd }: { readonly basket: Basket; readonly onEnd: () => void }) {
  const tickets = basket.items.reduce((count, item) => count + item.quantity, 0);
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <Heading title="Checkout" />
        <Countdown expiresAt={basket.expires_at} purpose="to pay for your tickets" onEnd={onEnd}>
          <strong>{counted(tickets, "ticket")}</strong> held
        </Countdown>
      </div>
      <CheckoutForm basket={basket} />
      <section className={styles.summary} aria-label="What you pay for">
        <Lines items={basket.items} currency={basket.currency} />
        <p className={styles.total}>
          <span>Total</span>
          <strong>{sum(basket.total, basket.currency)}</strong>
        </p>
        <CancellationTerms basket={basket} />
      </section>
    </div>
  );
}

/** Once for the basket, or for each event where they differ. */
function CancellationTerms({ basket }: { readonly basket: Basket }) {
  const terms = Map.groupBy(basket.items, (item) => cancellationTerms(item, serverNow()));
  return (
    <ul className={styles.terms} aria-label="Cancelling">
      {Array.from(terms, ([words, items]) => (
        <li key={words}>
          {terms.size > 1 && `${[...new Set(items.map((item) => item.event_name))].join(", ")}: `}
          {words}
        </li>
      ))}
    </ul>
  );
}

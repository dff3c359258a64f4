import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { basketQuery } from "#shared/api/basket.ts";
import type { Basket } from "#shared/api/types.ts";
import { ActionBar } from "#shared/ui/action-bar.tsx";
import { Button, ButtonLink } from "#shared/ui/button.tsx";
import { Countdown } from "#shared/ui/countdown.tsx";
import { Heading } from "#shared/ui/heading.tsx";
import { Lines } from "#shared/ui/lines.tsx";
import { NoBasket } from "#shared/ui/no-basket.tsx";
import { ErrorNotice } from "#shared/ui/notice.tsx";
import { Skeleton } from "#shared/ui/skeleton.tsx";
import { counted } from "#shared/words/counts.ts";
import { sum } from "#shared/words/money.ts";
import styles from "./basket-page.module.css";
import { GiveBack } from "./give-back.tsx";
import { useBasketChanges } from "./use-basket-changes.ts";

/** What is held, until when, and the way to pay for it. */
export function BasketPage() {
  const { data: basket, error, refetch } = useQuery({ ...basketQuery, refetchOnMount: "always" });
  const checkAgain = useCallback(() => void refetch(), [refetch]);
  if (basket) {
    return <Held basket={basket} onEnd={checkAgain} />;
  }
  if (basket === null) {
    return <NoBasket />;
  }
  return error ? (
    <ErrorNotice error={error} actions={<Button onClick={checkAgain}>Try again</Button>} />
  ) : (
    <Skeleton height="320px" />
  );
}

function Held({ basket, onEnd }: { readonly basket: Basket; readonly onEnd: () => void }) {
  const { extend, remove, giveBack, error, busy } = useBasketChanges();
  const tickets = basket.items.reduce((count, item) => count + item.quantity, 0);
  return (
    <div className={styles.page}>
      <Heading title="Your basket" />
      <Countdown expiresAt={basket.expires_at} purpose="to pay for your tickets" onEnd={onEnd}>
        <strong>{counted(tickets, "ticket")}</strong> held
      </Countdown>
      <Lines
        items={basket.items}
        currency={basket.currency}
        action={(item) => (
          <Button
            look="plain"
            aria-label={`Remove ${item.event_name}, ${item.ticket_type}`}
            onClick={() => remove(item.id)}
          >
            Remove
          </Button>
        )}
      />
      <p className={styles.total}>
        <span>Total</span>
        <strong>{sum(basket.total, basket.currency)}</strong>
      </p>
      <ErrorNotice error={error} />
      <ActionBar summary={<span className={styles.barTotal}>{sum(basket.total, basket.currency)}</span>}>
        <ButtonLink href="/checkout" look="primary">
          Go to checkout
        </ButtonLink>
      </ActionBar>
      <div className={styles.more}>
        {!basket.extended && (
          <Button busy={busy && "One moment…"} onClick={extend}>
            I need more time
          </Button>
        )}
        <GiveBack tickets={tickets} busy={busy} onGiveBack={giveBack} />
      </div>
    </div>
  );
}

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { newKey } from "#shared/api/client.ts";
import { cancelOrder, orderQuery } from "#shared/api/orders.ts";
import type { Order } from "#shared/api/types.ts";
import { Button } from "#shared/ui/button.tsx";
import { Confirm } from "#shared/ui/confirm.tsx";
import { ErrorNotice } from "#shared/ui/notice.tsx";
import { moment } from "#shared/words/dates.ts";
import { sum } from "#shared/words/money.ts";
import styles from "./order-page.module.css";

/** The way out, with what it costs said before and asked once more. */
export function CancelOrder({ order, token }: { readonly order: Order; readonly token: string }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { cancel, cancelling, error } = useCancel(order, token);
  if (!order.cancellable || order.refundable_until === null) {
    return <p className={styles.soft}>This order can no longer be cancelled.</p>;
  }
  const words = moneyWords(order);
  return (
    <section className={styles.cancel} aria-label="Cancelling">
      <h2>Plans changed</h2>
      <p>
        You can cancel the whole order until {moment(order.refundable_until)}. {words}
      </p>
      <ErrorNotice error={error} />
      <Button onClick={() => dialog.current?.showModal()}>Cancel the order</Button>
      <Confirm
        dialog={dialog}
        question="Cancel all tickets of this order?"
        yes="Cancel the order"
        no="Keep the tickets"
        busy={cancelling && "Cancelling…"}
        onYes={cancel}
      >
        The tickets stop being valid at once. {words}
      </Confirm>
    </section>
  );
}

/** What cancelling now pays back; nothing to say about tickets that were free. */
function moneyWords({ cancellation_refund, cancellation_fee, currency }: Order): string {
  const [back, fee] = [cancellation_refund ?? 0, cancellation_fee ?? 0];
  if (back + fee === 0) {
    return "";
  }
  const less = fee > 0 ? `: the price less a fee of ${sum(fee, currency)}` : "";
  return `You get back ${sum(back, currency)}${less}.`;
}

function useCancel(order: Order, token: string) {
  const queries = useQueryClient();
  const [key] = useState(newKey);
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => cancelOrder(order.order_id, token, key),
    onSettled: () => queries.invalidateQueries({ queryKey: orderQuery(order.order_id, token).queryKey }),
  });
  return { cancel: () => mutate(), cancelling: isPending, error };
}

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { useLocation } from "wouter";
import { BASKET_KEY } from "#shared/api/basket.ts";
import { newKey } from "#shared/api/client.ts";
import { checkout, orderPath } from "#shared/api/orders.ts";
import type { Basket, CheckoutResult, NewCheckout } from "#shared/api/types.ts";
import { leaveFor, useWayBack } from "#shared/leave.ts";

type Contact = Pick<NewCheckout, "email" | "name">;

/** Orders what the basket holds, then goes to the provider's pay page, or to the tickets when nothing is to pay. */
export function useCheckout() {
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const keyFor = useAttemptKey();
  const { mutate, error, isPending, isSuccess, reset } = useMutation({
    mutationFn: (request: NewCheckout) => checkout(request, keyFor(request)),
    onSuccess: (result) => {
      void queries.invalidateQueries({ queryKey: BASKET_KEY });
      goOn(result, navigate);
    },
    onError: () => queries.invalidateQueries({ queryKey: BASKET_KEY }),
  });
  useWayBack(reset);
  return {
    pay: (basket: Basket, contact: Contact) => mutate(requestFor(basket, contact)),
    // Until the browser has left for the pay page, a second click would be a second attempt.
    paying: isPending || isSuccess,
    error,
  };
}

/**
 * Names the basket, not left to the cookie: an expired one is then refused instead of bought anew. And names
 * what the visitor saw, so that a changed price is refused instead of charged.
 */
function requestFor(basket: Basket, contact: Contact): NewCheckout {
  return {
    basket_id: basket.basket_id,
    ...contact,
    payment: { method: "hosted" },
    items: basket.items.map((item) => ({
      event_id: item.event_id,
      ticket_type_id: item.ticket_type_id,
      quantity: item.quantity,
      price: item.unit_price,
    })),
  };
}

function goOn(result: CheckoutResult, navigate: (path: string, options: { replace: boolean }) => void): void {
  if (result.payment_url) {
    leaveFor(result.payment_url);
  } else {
    navigate(orderPath(result.order_id, result.order_token), { replace: true });
  }
}

/** The same key as long as the same thing is asked for: a retry after a lost answer never pays twice. */
function useAttemptKey(): (request: NewCheckout) => string {
  const attempt = useRef({ asked: "", key: "" });
  return (request) => {
    const asked = JSON.stringify(request);
    if (asked !== attempt.current.asked) {
      attempt.current = { asked, key: newKey() };
    }
    return attempt.current.key;
  };
}

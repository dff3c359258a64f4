import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useLocation } from "wouter";
import { BASKET_KEY } from "#shared/api/basket.ts";
import { newKey } from "#shared/api/client.ts";
import { checkout, orderPath } from "#shared/api/orders.ts";
import { ApiError, type ProblemKind } from "#shared/api/problem.ts";
import type { Basket, CheckoutResult, NewCheckout } from "#shared/api/types.ts";
import { leaveFor, useWayBack } from "#shared/leave.ts";

/** The basket is an order by now; only the tab that ordered it knows which. */
const ORDERED: ReadonlySet<ProblemKind> = new Set(["basket-bought", "basket-busy"]);

type Contact = Pick<NewCheckout, "email" | "name">;

/** Orders what the basket holds, then goes to the provider's pay page, or to the tickets when nothing is to pay. */
export function useCheckout() {
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const { mutate, error, isPending, isSuccess, reset } = useMutation({
    mutationFn: (request: NewCheckout) => checkout(request, keyFor(request)),
    onSuccess: (result, request) => {
      void queries.invalidateQueries({ queryKey: BASKET_KEY });
      note(ORDER, { basket: request.basket_id ?? "", path: orderPath(result.order_id, result.order_token) });
      goOn(result, navigate);
    },
    onError: (error, request) => {
      void queries.invalidateQueries({ queryKey: BASKET_KEY });
      if (error instanceof ApiError && error.kind === "payment-declined") {
        // That attempt is over for good; whoever tries again makes a new one.
        sessionStorage.removeItem(ATTEMPT);
      }
      const order = noted<NotedOrder>(ORDER);
      const isOrdered = error instanceof ApiError && ORDERED.has(error.kind);
      if (isOrdered && order && order.basket === request.basket_id) {
        navigate(order.path, { replace: true });
      }
    },
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

/**
 * The same key as long as the same thing is asked for, also after the page was loaded again: a retry after a lost
 * answer never pays twice, and the key is what shows the shop that it is still the same customer.
 */
function keyFor(request: NewCheckout): string {
  const asked = JSON.stringify(request);
  const last = noted<{ asked: string; key: string }>(ATTEMPT);
  if (last?.asked === asked) {
    return last.key;
  }
  const key = newKey();
  note(ATTEMPT, { asked, key });
  return key;
}

// Kept by the browser's tab, for as long as it is open.
const ATTEMPT = "checkout-attempt";
const ORDER = "checkout-order";

interface NotedOrder {
  readonly basket: string;
  readonly path: string;
}

function note(name: string, value: unknown): void {
  sessionStorage.setItem(name, JSON.stringify(value));
}

function noted<Value>(name: string): Value | null {
  return JSON.parse(sessionStorage.getItem(name) ?? "null") as Value | null;
}

import { queryOptions } from "@tanstack/react-query";
import { call } from "./client.ts";
import type { CheckoutResult, NewCheckout, Order } from "./types.ts";

export function checkout(request: NewCheckout, key: string): Promise<CheckoutResult> {
  return call("POST", "/api/checkout", { body: request, key });
}

export function orderQuery(id: string, token: string) {
  return queryOptions({
    queryKey: ["order", id],
    queryFn: ({ signal }) => call<Order>("GET", `/api/orders/${encodeURIComponent(id)}`, { token, signal }),
  });
}

export function cancelOrder(id: string, token: string, key: string): Promise<Order> {
  return call("POST", `/api/orders/${encodeURIComponent(id)}/cancel`, { body: {}, token, key });
}

/** The page a customer keeps: the token in it is all that proves the order is theirs. */
export function orderPath(id: string, token: string): string {
  return `/orders/${encodeURIComponent(id)}?token=${encodeURIComponent(token)}`;
}

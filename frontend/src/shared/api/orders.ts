import { queryOptions } from "@tanstack/react-query";
import { call } from "./client.ts";
import type { CheckoutResult, Order } from "./types.ts";

export interface CheckoutRequest {
  /** Named, not left to the cookie: an expired basket is then refused instead of bought anew. */
  readonly basket_id: string;
  readonly email?: string;
  readonly name?: string;
  readonly payment: { readonly method: "hosted" };
  /** What the visitor saw: a changed price is refused instead of charged. */
  readonly items?: readonly SeenItem[];
}

interface SeenItem {
  readonly event_id: number;
  readonly ticket_type_id: number;
  readonly quantity: number;
  readonly price: number;
}

export function checkout(request: CheckoutRequest, key: string): Promise<CheckoutResult> {
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

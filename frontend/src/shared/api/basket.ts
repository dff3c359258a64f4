import { queryOptions } from "@tanstack/react-query";
import { call } from "./client.ts";
import { ApiError, type ProblemKind } from "./problem.ts";
import type { Basket, NewHold } from "./types.ts";

export const BASKET_KEY = ["basket"] as const;

const GONE: ReadonlySet<ProblemKind> = new Set(["basket-bought", "basket-expired"]);

/** The visitor's basket, found by its cookie; null when there is none, or it was bought, or its time is over. */
export const basketQuery = queryOptions({
  queryKey: BASKET_KEY,
  queryFn: async ({ signal }): Promise<Basket | null> => {
    try {
      return remember(await call<Basket>("GET", "/api/basket", { signal }));
    } catch (error) {
      if (error instanceof ApiError && (error.status === 404 || GONE.has(error.kind))) {
        return remember(null);
      }
      throw error;
    }
  },
});

export async function hold(request: NewHold, key: string): Promise<void> {
  const basket = await call<Basket>("POST", "/api/basket", { body: request, key });
  remember(basket);
}

export function extendBasket(key: string): Promise<unknown> {
  return call("POST", "/api/basket/extend", { body: {}, key });
}

export function removeItem(itemId: string): Promise<unknown> {
  return call("DELETE", `/api/basket/items/${itemId}`);
}

export function cancelBasket(): Promise<unknown> {
  return call("DELETE", "/api/basket");
}

const NOTE = "basket-until";

/** Notes that this browser has a basket, so that visitors without one never ask for it. */
function remember(basket: Basket | null): Basket | null {
  if (basket) {
    localStorage.setItem(NOTE, basket.expires_at);
  } else {
    localStorage.removeItem(NOTE);
  }
  return basket;
}

export function mayHaveBasket(): boolean {
  return localStorage.getItem(NOTE) !== null;
}

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { BASKET_KEY, cancelBasket, extendBasket, removeItem } from "#shared/api/basket.ts";
import { newKey } from "#shared/api/client.ts";

/** Extend, remove a line, give all back; the basket is read again after each, whatever came of it. */
export function useBasketChanges() {
  const queries = useQueryClient();
  const { mutate, error, isPending } = useMutation({
    mutationFn: (change: () => Promise<unknown>) => change(),
    onSettled: () => queries.invalidateQueries({ queryKey: BASKET_KEY }),
  });
  return {
    extend: () => {
      const key = newKey();
      mutate(() => extendBasket(key));
    },
    remove: (itemId: string) => mutate(() => removeItem(itemId)),
    giveBack: () => mutate(cancelBasket),
    error,
    busy: isPending,
  };
}

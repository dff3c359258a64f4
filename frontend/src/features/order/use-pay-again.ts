import { useMutation, useQueryClient } from "@tanstack/react-query";
import { newKey } from "#shared/api/client.ts";
import { checkout } from "#shared/api/orders.ts";
import type { Order } from "#shared/api/types.ts";
import { leaveFor, useWayBack } from "#shared/leave.ts";

/** A new payment for an order whose last one failed; works from the order's link alone, without the basket's cookie. */
export function usePayAgain(order: Order) {
  const queries = useQueryClient();
  const { mutate, isPending, isSuccess, error, reset } = useMutation({
    mutationFn: (key: string) =>
      checkout(
        {
          basket_id: order.basket_id ?? "",
          ...(order.email !== null && { email: order.email }),
          ...(order.name !== null && { name: order.name }),
          payment: { method: "hosted" },
        },
        key,
      ),
    onSuccess: ({ payment_url }) => {
      if (payment_url) {
        leaveFor(payment_url);
      }
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["order", order.order_id] }),
  });
  useWayBack(reset);
  return { payAgain: () => mutate(newKey()), starting: isPending || isSuccess, error };
}

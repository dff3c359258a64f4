import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useSearchParams } from "wouter";
import { BASKET_KEY } from "#shared/api/basket.ts";
import { orderQuery } from "#shared/api/orders.ts";
import { ApiError } from "#shared/api/problem.ts";
import type { Order, OrderStatus } from "#shared/api/types.ts";
import { Button, ButtonLink } from "#shared/ui/button.tsx";
import { EmptyPage } from "#shared/ui/empty-page.tsx";
import { ErrorNotice } from "#shared/ui/notice.tsx";
import { Skeleton } from "#shared/ui/skeleton.tsx";
import { EndedOrder } from "./ended-order.tsx";
import { PaidOrder } from "./paid-order.tsx";
import { PendingOrder } from "./pending-order.tsx";

const POLL_MS = 1500;

/** An order as far as it has come, found by the token in its link. */
export function OrderPage({ id }: { readonly id: string }) {
  const [params] = useSearchParams();
  const token = params.get("token") ?? "";
  const {
    data: order,
    error,
    refetch,
  } = useQuery({
    ...orderQuery(id, token),
    refetchInterval: ({ state }) => (state.data?.status === "pending" ? POLL_MS : false),
  });
  useFreshBasket(order?.status);
  if (order) {
    return <Stage order={order} token={token} />;
  }
  if (error instanceof ApiError && [400, 401, 403, 404].includes(error.status)) {
    return (
      <EmptyPage
        title="This link does not open an order"
        text="Use the whole link from the page after paying, or from the e-mail with your tickets."
      >
        <ButtonLink href="/">See what is on</ButtonLink>
      </EmptyPage>
    );
  }
  return error ? (
    <ErrorNotice error={error} actions={<Button onClick={() => void refetch()}>Try again</Button>} />
  ) : (
    <Skeleton height="480px" />
  );
}

/** What an order that has moved on did to the basket, the header shows too. */
function useFreshBasket(status: OrderStatus | undefined): void {
  const queries = useQueryClient();
  useEffect(() => {
    if (status !== undefined && status !== "pending") {
      void queries.invalidateQueries({ queryKey: BASKET_KEY });
    }
  }, [status, queries]);
}

function Stage({ order, token }: { readonly order: Order; readonly token: string }) {
  switch (order.status) {
    case "pending":
      return <PendingOrder order={order} />;
    case "paid":
      return <PaidOrder order={order} token={token} />;
    default:
      return <EndedOrder order={order} />;
  }
}

import { useQuery } from "@tanstack/react-query";
import { Link, useLocation } from "wouter";
import { basketQuery, mayHaveBasket } from "#shared/api/basket.ts";
import type { Basket } from "#shared/api/types.ts";
import { useServerNow } from "#shared/time/use-server-now.ts";
import { Ticking } from "#shared/ui/ticking.tsx";
import { counted } from "#shared/words/counts.ts";
import { ticking } from "#shared/words/time-left.ts";
import styles from "./basket-link.module.css";

/** The way to the basket from every page: how many tickets wait there, and for how long. */
export function BasketLink() {
  useLocation();
  const { data: basket } = useQuery({ ...basketQuery, enabled: mayHaveBasket() });
  return (
    <Link href="/basket" className={styles.link}>
      {basket ? <Held basket={basket} /> : "Basket"}
    </Link>
  );
}

function Held({ basket }: { readonly basket: Basket }) {
  const left = Date.parse(basket.expires_at) - useServerNow();
  const tickets = basket.items.reduce((sum, item) => sum + item.quantity, 0);
  if (left <= 0) {
    return "Basket";
  }
  return (
    <>
      <span className="visually-hidden">{`Basket: ${counted(tickets, "ticket")}, ${ticking(left)} left`}</span>
      <span className={styles.held} aria-hidden="true">
        <strong>{counted(tickets, "ticket")}</strong>
        <span className={styles.left}>
          <Ticking ms={left} />
        </span>
      </span>
    </>
  );
}

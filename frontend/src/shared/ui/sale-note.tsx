import { FEW, type OnSale, saleState } from "#shared/sale.ts";
import { useServerNow } from "#shared/time/use-server-now.ts";
import { counted } from "#shared/words/counts.ts";
import { untilSale } from "#shared/words/time-left.ts";
import styles from "./sale-note.module.css";

/** One line on whether it can be bought: counts down to the sale, says when few are left. */
export function SaleNote({ offer }: { readonly offer: OnSale }) {
  const opensAt = offer.on_sale_at === null ? 0 : Date.parse(offer.on_sale_at);
  const now = useServerNow(opensAt > Date.now());
  switch (saleState(offer, now)) {
    case "upcoming":
      return (
        <span className={styles.soon}>
          On sale in <time>{untilSale(opensAt - now)}</time>
        </span>
      );
    case "sold-out":
      return <span className={styles.gone}>Sold out</span>;
    case "closed":
      return <span className={styles.gone}>Sale ended</span>;
    default:
      return offer.available_tickets <= FEW ? (
        <span className={styles.soon}>{counted(offer.available_tickets, "ticket")} left</span>
      ) : (
        <span className={styles.open}>Available</span>
      );
  }
}

import { FEW, type Offer, saleState } from "#shared/sale.ts";
import { useServerNow } from "#shared/time/use-server-now.ts";
import { ticketsLeft } from "#shared/words/counts.ts";
import { inWords } from "#shared/words/time-left.ts";
import styles from "./sale-note.module.css";
import { Ticking } from "./ticking.tsx";

const HOUR_MS = 3_600_000;

/** One line on whether it can be bought: counts down to the sale, says how many are left. */
export function SaleNote({ offer }: { readonly offer: Offer }) {
  const opensAt = offer.on_sale_at === null ? 0 : Date.parse(offer.on_sale_at);
  const now = useServerNow(opensAt > Date.now());
  switch (saleState(offer, now)) {
    case "upcoming":
      return (
        <span className={styles.soon}>
          On sale in <TimeUntil ms={opensAt - now} />
        </span>
      );
    case "sold-out":
      return <span className={styles.gone}>Sold out</span>;
    case "cancelled":
      return <span className={styles.gone}>Cancelled</span>;
    case "closed":
      return <span className={styles.gone}>Sale ended</span>;
    default:
      return <span className={offer.left <= FEW ? styles.soon : styles.open}>{ticketsLeft(offer.left)}</span>;
  }
}

/** Days and hours in words, the last hour to the second. */
function TimeUntil({ ms }: { readonly ms: number }) {
  return ms > HOUR_MS ? inWords(ms) : <Ticking ms={ms} />;
}

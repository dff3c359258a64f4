import { type Offer, saleState } from "#shared/sale.ts";
import { Ticking } from "#shared/ui/ticking.tsx";
import { moment } from "#shared/words/dates.ts";
import { inWords } from "#shared/words/time-left.ts";
import styles from "./sale-opening.module.css";

const DAY_MS = 86_400_000;

/** The first opening when nothing can be bought yet, else null. */
export function openingOf(offers: readonly Offer[], now: number): string | null {
  const opens = offers.flatMap((offer) => (offer.on_sale_at === null ? [] : [offer.on_sale_at])).sort()[0];
  return opens !== undefined && offers.every((offer) => saleState(offer, now) === "upcoming") ? opens : null;
}

interface SaleOpeningProps {
  readonly opens: string;
  readonly now: number;
  /** Whether customers are let in one after another. */
  readonly inTurn: boolean;
}

/** Counts down to the opening by the server's clock. */
export function SaleOpening({ opens, now, inTurn }: SaleOpeningProps) {
  const left = Date.parse(opens) - now;
  return (
    <div className={styles.opening}>
      <p>The sale opens on {moment(opens)}</p>
      <p className={styles.left}>{left > DAY_MS ? `in ${inWords(left)}` : <Ticking ms={left} />}</p>
      {!inTurn && (
        <p className={styles.note}>This page opens it by itself, at the same moment for everyone.</p>
      )}
    </div>
  );
}

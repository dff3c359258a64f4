import type { ReactNode } from "react";
import { Link } from "wouter";
import { posterUrl } from "#shared/api/events.ts";
import type { BasketItem } from "#shared/api/types.ts";
import { counted } from "#shared/words/counts.ts";
import { eventDate } from "#shared/words/dates.ts";
import { money } from "#shared/words/money.ts";
import styles from "./lines.module.css";
import { Poster } from "./poster.tsx";

interface LinesProps {
  readonly items: readonly BasketItem[];
  readonly currency: string;
  /** What can be done with a line, if anything. */
  readonly action?: (item: BasketItem) => ReactNode;
}

/** What a basket holds, line by line. */
export function Lines({ items, currency, action }: LinesProps) {
  return (
    <ul className={styles.lines}>
      {items.map((item) => (
        <li key={item.id} className={styles.line}>
          <Poster url={posterUrl(item.event_id)} className={styles.poster} priority="high" />
          <div className={styles.words}>
            <h2 className={styles.name}>
              <Link href={`/events/${item.event_id}`}>{item.event_name}</Link>
            </h2>
            <p className={styles.detail}>{eventDate(item.starts_at, item.timezone)}</p>
            <p>
              {counted(item.quantity, "ticket")}, {item.ticket_type}
            </p>
            {item.seats.length > 0 && <p className={styles.detail}>{seatWords(item)}</p>}
          </div>
          <p className={styles.price}>{money(item.price, currency)}</p>
          {action && <div className={styles.action}>{action(item)}</div>}
        </li>
      ))}
    </ul>
  );
}

/** "Row A seats 14 and 15; row B seat 2". */
function seatWords(item: BasketItem): string {
  const rows = Map.groupBy(item.seats, (seat) => seat.row);
  return Array.from(rows, ([row, seats]) => {
    const numbers = new Intl.ListFormat("en").format(seats.map((seat) => String(seat.number)));
    return `Row ${row} ${seats.length === 1 ? "seat" : "seats"} ${numbers}`;
  }).join("; ");
}

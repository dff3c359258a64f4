import type { Seat } from "#shared/api/types.ts";
import { money } from "#shared/words/money.ts";
import styles from "./chosen-seats.module.css";

interface ChosenSeatsProps {
  readonly seats: readonly Seat[];
  readonly currency: string;
  readonly onRemove: (seat: Seat) => void;
}

export function ChosenSeats({ seats, currency, onRemove }: ChosenSeatsProps) {
  if (seats.length === 0) {
    return null;
  }
  return (
    <ul className={styles.list} aria-label="Chosen seats">
      {seats.map((seat) => (
        <li key={seat.id} className={styles.seat}>
          <span>
            Row {seat.row} seat {seat.number}
            <span className={styles.section}>{seat.section}</span>
          </span>
          <span>{money(seat.price, currency)}</span>
          <button
            type="button"
            className={styles.remove}
            aria-label={`Remove row ${seat.row} seat ${seat.number}`}
            onClick={() => onRemove(seat)}
          >
            <span aria-hidden="true">×</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

import { type CSSProperties, memo } from "react";
import type { Seat } from "#shared/api/types.ts";
import { spokenMoney } from "#shared/words/money.ts";
import { offset, type Row } from "./hall.ts";
import styles from "./seat-map.module.css";

interface SeatRowProps {
  readonly row: Row;
  readonly currency: string;
  /** The chosen seats' ids, as text so that an unchanged row is recognised. */
  readonly chosen: string;
  /** The one seat of the hall that Tab leads to, if it is in this row. */
  readonly tabStop: number | null;
}

/** Memoised: a hall has thousands of seats, and a change touches one row. */
export const SeatRow = memo(function SeatRow({ row, currency, chosen, tabStop }: SeatRowProps) {
  const ids = new Set(chosen.split(" "));
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset for each row would read its legend at every seat
    <div className={styles.row} role="group" aria-label={`${row.section}, row ${row.name}`}>
      <RowName row={row} />
      {row.seats.map((seat, index) => (
        <input
          key={seat.id}
          id={`seat-${seat.id}`}
          type="checkbox"
          className={styles.seat}
          style={across(offset(row, index))}
          data-seat={seat.id}
          checked={ids.has(String(seat.id))}
          readOnly
          // Not `disabled`: arrow keys and screen readers should find a taken seat and hear that it is taken.
          aria-disabled={seat.state !== "free" || undefined}
          aria-label={seatName(seat, currency)}
          tabIndex={seat.id === tabStop ? 0 : -1}
        />
      ))}
      <RowName row={row} />
    </div>
  );
});

function RowName({ row }: { readonly row: Row }) {
  return (
    <span className={styles.rowName} style={across(offset(row, -1))} aria-hidden="true">
      {row.name}
    </span>
  );
}

function across(places: number): CSSProperties {
  return { "--across": places } as CSSProperties;
}

/** "Row A seat 14, 45.00 EUR, available". */
export function seatName(seat: Seat, currency: string): string {
  const state = { free: "available", held: "held by someone", sold: "sold" }[seat.state];
  return `Row ${seat.row} seat ${seat.number}, ${spokenMoney(seat.price, currency)}, ${state}`;
}

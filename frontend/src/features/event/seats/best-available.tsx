import { useState } from "react";
import type { Seat } from "#shared/api/types.ts";
import { announce } from "#shared/ui/announcer.tsx";
import { Button } from "#shared/ui/button.tsx";
import { Stepper } from "#shared/ui/stepper.tsx";
import { counted } from "#shared/words/counts.ts";
import { money } from "#shared/words/money.ts";
import styles from "./best-available.module.css";
import { bestSeats, hallOf } from "./hall.ts";

interface BestAvailableProps {
  readonly seats: readonly Seat[];
  readonly currency: string;
  readonly most: number;
  readonly onChoose: (seats: readonly Seat[]) => void;
}

/** The way for those who do not want to read a plan: how many, and where if it matters. */
export function BestAvailable({ seats, currency, most, onChoose }: BestAvailableProps) {
  const [quantity, setQuantity] = useState(Math.min(2, most));
  const [section, setSection] = useState("");
  const [tooFew, setTooFew] = useState(false);
  const hall = hallOf(seats);

  function choose() {
    const places = hall.filter(({ name }) => section === "" || name === section);
    const best = places.map(({ rows }) => bestSeats(rows, quantity)).find((seats) => seats !== null) ?? null;
    setTooFew(best === null);
    if (best) {
      onChoose(best);
      announce(`Chosen: ${best.map((seat) => `row ${seat.row} seat ${seat.number}`).join(", ")}.`);
    }
  }
  return (
    <div className={styles.best}>
      <h2>Best available</h2>
      <div className={styles.fields}>
        <Stepper label="Best available" value={quantity} min={1} max={most} onChange={setQuantity} />
        <label className={styles.where}>
          <span className="visually-hidden">Where</span>
          <select
            className={styles.select}
            value={section}
            onChange={(event) => setSection(event.target.value)}
          >
            <option value="">Anywhere</option>
            {hall.map(({ name, rows }) => (
              <option key={name} value={name}>
                {name}, {money(rows[0]?.seats[0]?.price ?? 0, currency)}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Button onClick={choose}>Choose the best {counted(quantity, "seat")}</Button>
      <p role="status" className={styles.few}>
        {tooFew && `Fewer than ${counted(quantity, "seat")} are free there.`}
      </p>
    </div>
  );
}

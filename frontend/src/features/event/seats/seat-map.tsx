import { type CSSProperties, type KeyboardEvent, type MouseEvent, useEffect, useMemo, useState } from "react";
import type { Seat } from "#shared/api/types.ts";
import { counted } from "#shared/words/counts.ts";
import { money } from "#shared/words/money.ts";
import { hallOf, neighbour, type Step } from "./hall.ts";
import styles from "./seat-map.module.css";
import { SeatRow } from "./seat-row.tsx";

const KEYS: Readonly<Record<string, Step>> = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
  Home: "first",
  End: "last",
};

interface SeatMapProps {
  readonly seats: readonly Seat[];
  readonly chosen: readonly Seat[];
  readonly currency: string;
  readonly onToggle: (seat: Seat) => void;
}

/** The hall from above. One Tab stop; arrow keys go from seat to seat, Space chooses. */
export function SeatMap({ seats, chosen, currency, onToggle }: SeatMapProps) {
  const hall = useMemo(() => hallOf(seats), [seats]);
  const rows = useMemo(() => hall.flatMap((section) => section.rows), [hall]);
  const [current, setCurrent] = useState<number | null>(null);
  const tabStop = current ?? seats.find((seat) => seat.state === "free")?.id ?? seats[0]?.id ?? null;
  const widest = Math.max(...rows.map((row) => row.seats.length));
  const ids = new Set(chosen.map((seat) => seat.id));
  const first = chosen[0]?.id;
  useEffect(() => showAcross(first), [first]);

  function toggle(event: MouseEvent<HTMLElement>) {
    const seat = seats.find(({ id }) => id === seatIdOf(event.target));
    if (seat) {
      setCurrent(seat.id);
      onToggle(seat);
    }
  }
  function move(event: KeyboardEvent<HTMLElement>) {
    const step = KEYS[event.key];
    const from = seatIdOf(event.target);
    if (step && from !== null) {
      event.preventDefault();
      const to = neighbour(rows, from, step);
      setCurrent(to);
      document.getElementById(`seat-${to}`)?.focus();
    }
  }

  return (
    <div className={styles.frame}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: one handler for the clicks and keys of every seat inside */}
      <div
        ref={startInTheMiddle}
        className={styles.hall}
        style={{ "--columns": widest } as CSSProperties}
        onClick={toggle}
        onKeyDown={move}
      >
        <div className={styles.stage} aria-hidden="true">
          Stage
        </div>
        {hall.map((section) => (
          <section key={section.name} className={styles.section} aria-label={section.name}>
            <h3 className={styles.sectionName}>
              {section.name}{" "}
              <span className={styles.sectionPrice}>
                {sectionNote(
                  section.rows.flatMap((row) => row.seats),
                  currency,
                )}
              </span>
            </h3>
            {section.rows.map((row) => (
              <SeatRow
                key={row.name}
                row={row}
                currency={currency}
                chosen={row.seats
                  .filter((seat) => ids.has(seat.id))
                  .map((seat) => seat.id)
                  .join(" ")}
                tabStop={row.seats.some((seat) => seat.id === tabStop) ? tabStop : null}
              />
            ))}
          </section>
        ))}
      </div>
    </div>
  );
}

/** A hall wider than the screen opens at its middle, where the best seats are. */
function startInTheMiddle(hall: HTMLElement | null): void {
  if (hall) {
    hall.scrollLeft = (hall.scrollWidth - hall.clientWidth) / 2;
  }
}

/** Where the hall scrolls sideways, seats that were chosen without touching them may be out of sight. */
function showAcross(seatId: number | undefined): void {
  const seat = document.getElementById(`seat-${seatId}`);
  const hall = seat?.closest(`.${styles.hall}`);
  if (seat && hall) {
    const [at, frame] = [seat.getBoundingClientRect(), hall.getBoundingClientRect()];
    if (at.left < frame.left + at.width || at.right > frame.right - at.width) {
      hall.scrollLeft += at.left - frame.left - frame.width / 2;
    }
  }
}

function sectionNote(seats: readonly Seat[], currency: string): string {
  const free = seats.filter((seat) => seat.state === "free").length;
  return `${money(seats[0]?.price ?? 0, currency)} · ${free > 0 ? `${counted(free, "seat")} left` : "sold out"}`;
}

function seatIdOf(target: EventTarget): number | null {
  const id = target instanceof HTMLElement ? target.dataset.seat : undefined;
  return id === undefined ? null : Number(id);
}

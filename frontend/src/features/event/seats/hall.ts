import type { Seat } from "#shared/api/types.ts";

/** A row as it stands in the hall, its seats by number. */
export interface Row {
  readonly section: string;
  readonly name: string;
  readonly seats: readonly Seat[];
}

export interface HallSection {
  readonly name: string;
  readonly rows: readonly Row[];
}

/** The seats as sections of rows, in the order the server lists them: the stage is before the first. */
export function hallOf(seats: readonly Seat[]): readonly HallSection[] {
  const sections = Map.groupBy(seats, (seat) => seat.section);
  return Array.from(sections, ([name, inSection]) => ({
    name,
    rows: Array.from(
      Map.groupBy(inSection, (seat) => seat.row),
      ([row, inRow]) => ({ section: name, name: row, seats: inRow.toSorted((a, b) => a.number - b.number) }),
    ),
  }));
}

/** Where a seat stands across the hall: 0 in the middle of its row, negative to the left. */
export function offset(row: Row, index: number): number {
  return index - (row.seats.length - 1) / 2;
}

export type Step = "left" | "right" | "up" | "down" | "first" | "last";

/** The seat an arrow key leads to; the same seat at the hall's edge. */
export function neighbour(rows: readonly Row[], seatId: number, step: Step): number {
  const at = rows.findIndex((row) => row.seats.some((seat) => seat.id === seatId));
  const row = rows[at];
  if (!row) {
    return seatId;
  }
  const index = row.seats.findIndex((seat) => seat.id === seatId);
  switch (step) {
    case "left":
      return row.seats[index - 1]?.id ?? seatId;
    case "right":
      return row.seats[index + 1]?.id ?? seatId;
    case "first":
      return row.seats[0]?.id ?? seatId;
    case "last":
      return row.seats.at(-1)?.id ?? seatId;
    default: {
      const other = rows[step === "up" ? at - 1 : at + 1];
      return other ? nearest(other, offset(row, index)) : seatId;
    }
  }
}

function nearest(row: Row, across: number): number {
  const index = Math.round(across + (row.seats.length - 1) / 2);
  const inside = Math.min(Math.max(index, 0), row.seats.length - 1);
  return row.seats[inside]?.id ?? 0;
}

/**
 * The best free seats: side by side, as far forward and then as central as can be.
 * Where no row has enough side by side, the best single ones; null when there are too few.
 */
export function bestSeats(rows: readonly Row[], quantity: number): readonly Seat[] | null {
  for (const row of rows) {
    const together = mostCentral(row, quantity);
    if (together) {
      return together;
    }
  }
  const free = rows.flatMap((row) => row.seats).filter((seat) => seat.state === "free");
  return free.length >= quantity ? free.slice(0, quantity) : null;
}

function mostCentral(row: Row, quantity: number): readonly Seat[] | null {
  const middle = (start: number) => Math.abs(offset(row, start + (quantity - 1) / 2));
  const starts = [...row.seats.keys()].filter((start) =>
    sideBySide(row.seats.slice(start, start + quantity), quantity),
  );
  const best = starts.toSorted((a, b) => middle(a) - middle(b))[0];
  return best === undefined ? null : row.seats.slice(best, best + quantity);
}

/** All free, with no number missing between them: a gap in the numbers is an aisle. */
function sideBySide(seats: readonly Seat[], quantity: number): boolean {
  const first = seats[0];
  return (
    first !== undefined &&
    seats.length === quantity &&
    seats.every((seat, index) => seat.state === "free" && seat.number === first.number + index)
  );
}

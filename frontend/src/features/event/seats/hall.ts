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
 * The best free seats of a section: side by side, as near to the front and the middle as can be.
 * Where no row has enough side by side, the best single ones; null when there are too few.
 */
export function bestSeats(rows: readonly Row[], quantity: number): readonly Seat[] | null {
  const together = rows.flatMap((row, index) => runs(row, index, quantity));
  const best = together.toSorted((a, b) => a.distance - b.distance)[0];
  if (best) {
    return best.seats;
  }
  const singles = rows
    .flatMap((row, index) => runs(row, index, 1))
    .toSorted((a, b) => a.distance - b.distance);
  return singles.length >= quantity ? singles.slice(0, quantity).flatMap((run) => run.seats) : null;
}

/** Seats side by side, and how far they are from the best place in the section. */
interface Run {
  readonly seats: readonly Seat[];
  readonly distance: number;
}

function runs(row: Row, rowIndex: number, quantity: number): readonly Run[] {
  return row.seats
    .map((_, start) => ({
      seats: row.seats.slice(start, start + quantity),
      // Three seats off the middle are about as bad as one row further back, and towards the edge, from where one
      // sees the stage from the side, each seat is worse than the one before.
      distance: rowIndex + offset(row, start + (quantity - 1) / 2) ** 2 / 8,
    }))
    .filter((run) => sideBySide(run.seats, quantity));
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

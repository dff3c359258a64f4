import { expect, test } from "vitest";
import type { Seat } from "#shared/api/types.ts";
import { someSeats } from "#testing/samples.ts";
import { bestSeats, hallOf, neighbour, type Row } from "./hall.ts";

function rowsOf(seats: readonly Seat[]): readonly Row[] {
  return hallOf(seats).flatMap((section) => section.rows);
}

function numbers(seats: readonly Seat[] | null): string[] | undefined {
  return seats?.map((seat) => `${seat.row}${seat.number}`);
}

test("the best seats are side by side in the middle of the front row", () => {
  expect(numbers(bestSeats(rowsOf(someSeats(8)), 2))).toEqual(["A4", "A5"]);
});

test("a central pair further back beats one at the edge of the front", () => {
  const taken = (seat: Seat) => ({ state: seat.row === "A" && seat.number > 2 ? "sold" : "free" }) as const;
  expect(numbers(bestSeats(rowsOf(someSeats(8, taken)), 2))).toEqual(["B4", "B5"]);
});

test("the edge of the front row is worse than the middle of one well behind it", () => {
  const free = ({ row, number }: Seat) =>
    (row === "A" && number < 3) || (row === "E" && [8, 9].includes(number));
  const hall = [..."ABCDE"]
    .flatMap((row) => rowsOf(someSeats(16))[0]?.seats.map((seat) => ({ ...seat, row })) ?? [])
    .map((seat, index) => ({
      ...seat,
      id: index,
      state: free(seat) ? ("free" as const) : ("sold" as const),
    }));
  expect(numbers(bestSeats(rowsOf(hall), 2))).toEqual(["E8", "E9"]);
});

test("an aisle, a gap in the numbers, does not count as side by side", () => {
  const aisle = (seat: Seat) => ({ number: seat.number > 2 ? seat.number + 10 : seat.number });
  expect(numbers(bestSeats(rowsOf(someSeats(4, aisle)), 2))).toEqual(["A1", "A2"]);
});

test("where nothing is side by side the best single seats are chosen, and too few are none", () => {
  const everyOther = (seat: Seat) => ({ state: seat.number % 2 ? "free" : "sold" }) as const;
  const rows = rowsOf(someSeats(4, everyOther));
  expect(bestSeats(rows, 3)).toHaveLength(3);
  expect(bestSeats(rows, 5)).toBeNull();
});

test("arrows lead along the row, to the nearest seat of the next row, and stop at the hall's edge", () => {
  const wide = someSeats(6).filter((seat) => seat.row === "B");
  const narrow = someSeats(6).filter((seat) => seat.row === "A" && seat.number <= 2);
  const rows = rowsOf([...narrow, ...wide]);
  expect(neighbour(rows, 1, "right")).toBe(2);
  expect(neighbour(rows, 2, "right")).toBe(2);
  expect(neighbour(rows, 1, "down")).toBe(9);
  expect(neighbour(rows, 12, "up")).toBe(2);
  expect(neighbour(rows, 9, "first")).toBe(7);
  expect(neighbour(rows, 9, "last")).toBe(12);
  expect(neighbour(rows, 1, "up")).toBe(1);
});

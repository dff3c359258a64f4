import { expect, test } from "vitest";
import { across, lineOf, marksUpTo, PLOT, placesIn, rangeOf, up } from "./plot.ts";

const RANGE = { from: 0, to: 10, most: 100 };
const FLOOR = PLOT.height - PLOT.bottom;

test("the picture reaches from the first moment to the last, and from nothing to the most", () => {
  expect([across(0, RANGE), across(10, RANGE)]).toEqual([PLOT.left, PLOT.width - PLOT.right]);
  expect([up(0, RANGE), up(100, RANGE)]).toEqual([FLOOR, PLOT.top]);
});

test("a rate of ten stands near the middle between one and a hundred, or small rates would vanish", () => {
  const [one, ten, hundred] = [1, 10, 100].map((rate) => up(rate, RANGE)) as [number, number, number];
  expect((one - ten) / (ten - hundred)).toBeCloseTo(0.77, 1);
});

test("a line breaks where nothing was measured, and a value alone is a dot", () => {
  const path = lineOf([0, 0, null, 0, null], { from: 0, to: 4, most: 1 });
  expect(path).toBe(`M48 ${FLOOR}h0L194 ${FLOOR}M486 ${FLOOR}h0`);
});

test("what lies before the picture is not drawn", () => {
  expect(lineOf([5, 0], { from: 1, to: 2, most: 1 })).toBe(`M48 ${FLOOR}h0`);
});

test("a young history fills the picture, but never with fewer than fifteen moments", () => {
  const young = Array.from({ length: 361 }, (_, place) => (place < 300 ? null : 1));
  expect(rangeOf([young], 13.44)).toEqual({ from: 300, to: 360, most: 13.44 * 1.5 });
  expect(rangeOf([young.map((value, place) => (place < 359 ? null : value))], 13.44)?.from).toBe(345);
});

test("the highest rate of any line is in the picture", () => {
  expect(
    rangeOf(
      [
        [1, 2],
        [null, 1000],
      ],
      13.44,
    )?.most,
  ).toBe(1500);
});

test("where nobody is woken the rates alone decide how high the picture is", () => {
  expect(rangeOf([[0.5, 2]], null)?.most).toBe(3);
});

test("without a value there is no picture", () => {
  expect(rangeOf([[null, null], []], 13.44)).toBeNull();
});

test("marks are round, and times evenly spread", () => {
  expect(marksUpTo(150)).toEqual([0, 1, 10, 100]);
  expect(placesIn(RANGE, 3)).toEqual([0, 5, 10]);
});

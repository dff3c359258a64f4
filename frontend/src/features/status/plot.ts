/** Where things stand in a plot of burn rates. Rates go from 0 to some thousands, so the scale is logarithmic. */

export const PLOT = { width: 640, height: 200, left: 48, right: 8, top: 8, bottom: 24 } as const;

export interface Range {
  /** The first and the last place in the histories that is shown. */
  readonly from: number;
  readonly to: number;
  /** The highest rate that is shown. */
  readonly most: number;
}

type Values = readonly (number | null)[];

/** At least so many moments are shown, however young the history is. */
const FEWEST = 15;

/** What is worth showing of these histories; null when none has a value. */
export function rangeOf(histories: readonly Values[], limit: number | null): Range | null {
  const measured = histories
    .flatMap((values) => values.findIndex((value) => value !== null))
    .filter((place) => place >= 0);
  const to = Math.max(...histories.map((values) => values.length)) - 1;
  if (measured.length === 0) {
    return null;
  }
  const highest = Math.max(...histories.flatMap((values) => values.map((value) => value ?? 0)));
  return {
    from: Math.max(0, Math.min(Math.min(...measured), to - FEWEST)),
    to,
    most: Math.max(highest, limit ?? 1) * 1.5,
  };
}

export function across(place: number, { from, to }: Range): number {
  return round(PLOT.left + ((place - from) / (to - from)) * (PLOT.width - PLOT.left - PLOT.right));
}

export function up(rate: number, { most }: Range): number {
  const share = Math.log1p(Math.max(0, rate)) / Math.log1p(most);
  return round(PLOT.height - PLOT.bottom - share * (PLOT.height - PLOT.top - PLOT.bottom));
}

/** A path through the values; it breaks where nothing was measured, and a value alone is a dot. */
export function lineOf(values: Values, range: Range): string {
  let path = "";
  let before: number | null = null;
  for (const [place, value] of values.entries()) {
    if (value !== null && place >= range.from) {
      const point = `${across(place, range)} ${up(value, range)}`;
      path += before === null ? `M${point}h0` : `L${point}`;
    }
    before = place >= range.from ? value : null;
  }
  return path;
}

/** Round rates to mark on the scale: 0, 1, 10 and so on. */
export function marksUpTo(most: number): readonly number[] {
  const marks = [0];
  for (let mark = 1; mark <= most; mark *= 10) {
    marks.push(mark);
  }
  return marks;
}

/** So many places, evenly spread from the first to the last. */
export function placesIn({ from, to }: Range, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => Math.round(from + (index * (to - from)) / (count - 1)));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

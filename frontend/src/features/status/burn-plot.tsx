import { useId } from "react";
import type { Budget, History } from "#shared/api/types.ts";
import { clockTime } from "#shared/words/dates.ts";
import styles from "./burn-plot.module.css";
import { across, lineOf, marksUpTo, PLOT, placesIn, type Range, rangeOf, up } from "./plot.ts";
import { limitWords, rate } from "./words.ts";

interface BurnPlotProps {
  /** Of one objective, one line for each. */
  readonly budgets: readonly [Budget, ...Budget[]];
  readonly history: History;
}

/** How fast the budgets went over the last hours: a picture, and the same as a table. */
export function BurnPlot({ budgets, history }: BurnPlotProps) {
  const limit = budgets[0].burn[0]?.limit ?? null;
  const range = rangeOf(
    budgets.map((budget) => budget.history),
    limit,
  );
  if (range === null) {
    return <p className={styles.nothing}>No burn rate yet: nobody has asked for anything.</p>;
  }
  return (
    <figure className={styles.figure}>
      <figcaption className={styles.caption}>Burn rate over {history.window}</figcaption>
      <Picture budgets={budgets} history={history} range={range} limit={limit} />
      {budgets.length > 1 && <Legend budgets={budgets} />}
      <details className={styles.details}>
        <summary>As a table</summary>
        <Table budgets={budgets} history={history} range={range} />
      </details>
    </figure>
  );
}

interface DrawnProps extends BurnPlotProps {
  readonly range: Range;
}

function Picture({ budgets, history, range, limit }: DrawnProps & { readonly limit: number | null }) {
  const id = useId();
  const time = timesOf(history);
  return (
    <svg
      viewBox={`0 0 ${PLOT.width} ${PLOT.height}`}
      role="img"
      aria-labelledby={`${id}-title`}
      aria-describedby={`${id}-desc`}
      className={styles.plot}
    >
      <title id={`${id}-title`}>
        {budgets[0].title}: burn rate over {history.window}
      </title>
      <desc id={`${id}-desc`}>{description(budgets, time(range.from), limit)}</desc>
      {marksUpTo(range.most).map((mark) => (
        <g key={mark}>
          <line
            x1={PLOT.left}
            x2={PLOT.width - PLOT.right}
            y1={up(mark, range)}
            y2={up(mark, range)}
            className={styles.grid}
          />
          <text x={PLOT.left - 8} y={up(mark, range) + 4} className={styles.mark} textAnchor="end">
            {rate(mark)}
          </text>
        </g>
      ))}
      {limit !== null && <Limit limit={limit} range={range} />}
      {placesIn(range, 3).map((place, index) => (
        <text
          key={place}
          x={across(place, range)}
          y={PLOT.height - 4}
          className={styles.mark}
          textAnchor={(["start", "middle", "end"] as const)[index]}
        >
          {time(place)}
        </text>
      ))}
      {budgets.map((budget, index) => (
        <path key={budget.journey ?? ""} d={lineOf(budget.history, range)} className={lineStyle(index)} />
      ))}
    </svg>
  );
}

function Limit({ limit, range }: { readonly limit: number; readonly range: Range }) {
  const y = up(limit, range);
  return (
    <>
      <line x1={PLOT.left} x2={PLOT.width - PLOT.right} y1={y} y2={y} className={styles.limit} />
      <text x={PLOT.width - PLOT.right} y={y - 5} className={styles.limitMark} textAnchor="end">
        {limitWords(limit)}: somebody is woken
      </text>
    </>
  );
}

function Legend({ budgets }: { readonly budgets: readonly Budget[] }) {
  return (
    <ul className={styles.legend} aria-hidden="true">
      {budgets.map((budget, index) => (
        <li key={budget.journey}>
          <svg viewBox="0 0 28 8" className={styles.sample} aria-hidden="true">
            <path d="M2 4h24" className={lineStyle(index)} />
          </svg>
          {budget.journey_title}
        </li>
      ))}
    </ul>
  );
}

function Table({ budgets, history, range }: DrawnProps) {
  const time = timesOf(history);
  const places = [...new Set(placesIn(range, 13))];
  return (
    <table className={styles.table}>
      <thead>
        <tr>
          <th scope="col">Time</th>
          {budgets.map((budget) => (
            <th key={budget.journey ?? ""} scope="col">
              {budget.journey_title ?? "Burn rate"}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {places.map((place) => (
          <tr key={place}>
            <th scope="row">{time(place)}</th>
            {budgets.map((budget) => (
              <td key={budget.journey ?? ""}>{valueAt(budget, place)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function valueAt({ history }: Budget, place: number): string {
  const value = history[place] ?? null;
  return value === null ? "not measured" : rate(value);
}

/** The time of each place in a history, on the visitor's clock. */
function timesOf({ start, step_seconds }: History): (place: number) => string {
  return (place) => clockTime(Date.parse(start) + place * step_seconds * 1000);
}

function description(budgets: readonly Budget[], since: string, limit: number | null): string {
  const lines = budgets.map(({ journey_title, history }) => {
    const measured = history.filter((value) => value !== null);
    const most = measured.length > 0 ? `at most ${rate(Math.max(...measured))}` : "not measured";
    return journey_title === null ? most : `${journey_title}: ${most}`;
  });
  const woken = limit === null ? "" : ` From ${limitWords(limit)} on somebody is woken.`;
  return `Since ${since}. ${lines.join("; ")}.${woken}`;
}

/** One for each journey of the promise, in its order. */
const LINES = [styles.first, styles.second, styles.third, styles.fourth] as const;

function lineStyle(index: number): string {
  return [styles.line, LINES[index % LINES.length]].join(" ");
}

import styles from "./people.module.css";

const WIDTH = 360;
const HEIGHT = 72;
const PEOPLE = 40;
const YOU = 11;
/** You last, so that nobody is drawn over you. */
const ORDER = [...Array.from({ length: PEOPLE }, (_, index) => index).filter((index) => index !== YOU), YOU];

/** A crowd in which nobody stands before anybody, and you in it: decoration. */
export function People() {
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} className={styles.people} aria-hidden="true">
      {ORDER.map((index) => (
        <circle
          key={index}
          cx={scattered(index, 0.7549) * (WIDTH - 24) + 12}
          cy={scattered(index, 0.5698) * (HEIGHT - 24) + 12}
          r={index === YOU ? 8 : 5}
          className={index === YOU ? styles.you : styles.person}
        />
      ))}
    </svg>
  );
}

/** 0 to 1, spread evenly but in no row: multiples of an irrational number, without their whole part. */
function scattered(index: number, step: number): number {
  return (0.5 + index * step) % 1;
}

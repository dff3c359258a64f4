import styles from "./people.module.css";

const PEOPLE = 24;
const YOU = 9;

/** A crowd without an order, and one in it who is you: decoration. */
export function People() {
  return (
    <div className={styles.people} aria-hidden="true">
      {Array.from({ length: PEOPLE }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: dots that are all alike and never move
        <span key={index} className={index === YOU ? styles.you : styles.person} />
      ))}
    </div>
  );
}

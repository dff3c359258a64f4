import styles from "./seat-map.module.css";

/** Decoration for those who see the plan; each seat says its state in its name. */
export function SeatLegend() {
  return (
    <ul className={styles.legend} aria-hidden="true">
      <li>
        <span className={styles.seat} /> Available
      </li>
      <li>
        <span className={`${styles.seat} ${styles.chosen}`} /> Chosen
      </li>
      <li>
        <span className={`${styles.seat} ${styles.taken}`} /> Taken
      </li>
    </ul>
  );
}

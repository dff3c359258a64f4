import { counted } from "#shared/words/counts.ts";
import styles from "./track.module.css";

interface TrackProps {
  readonly position: number;
  /** Where the visitor began. */
  readonly first: number;
}

/** The way from where one began to the front of the line. */
export function Track({ position, first }: TrackProps) {
  const start = Math.max(first, position);
  const done = Math.round((1 - (position - 1) / start) * 100);
  return (
    <div className={styles.track}>
      <div
        className={styles.rail}
        role="progressbar"
        aria-label="Your way to the front of the line"
        aria-valuenow={done}
        aria-valuetext={`${counted(position - 1, "person", "people")} before you`}
      >
        <div className={styles.done} style={{ inlineSize: `${done}%` }} />
      </div>
      <p className={styles.ends} aria-hidden="true">
        <span>Where you began</span>
        <span>Your turn</span>
      </p>
    </div>
  );
}

import { Fragment } from "react";
import { ticking } from "#shared/words/time-left.ts";
import styles from "./ticking.module.css";

/** "9:41": digits of equal width, so that the time does not jump; the colon keeps its own. */
export function Ticking({ ms }: { readonly ms: number }) {
  const parts = ticking(ms).split(":");
  return (
    <span className={styles.time}>
      {parts.map((digits, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: hours, minutes, seconds: the place is what they are
        <Fragment key={index}>
          {index > 0 && ":"}
          <span className={styles.digits}>{digits}</span>
        </Fragment>
      ))}
    </span>
  );
}

import { Fragment } from "react";
import { ticking } from "#shared/words/time-left.ts";
import styles from "./ticking.module.css";

/** "9:41": digits of equal width, so that the time does not jump; the colon keeps its own. */
export function Ticking({ ms }: { readonly ms: number }) {
  const time = ticking(ms);
  return (
    <>
      <span className="visually-hidden">{time}</span>
      <span className={styles.time} aria-hidden="true">
        {time.split(":").map((digits, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: hours, minutes, seconds: the place is what they are
          <Fragment key={index}>
            {index > 0 && ":"}
            <span className={styles.digits}>{digits}</span>
          </Fragment>
        ))}
      </span>
    </>
  );
}

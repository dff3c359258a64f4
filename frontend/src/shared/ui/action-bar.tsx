import type { ReactNode } from "react";
import styles from "./action-bar.module.css";

/** The screen's one action with what it is about: at the thumb on a phone, in its place on a desk. */
export function ActionBar({
  summary,
  children,
}: {
  readonly summary: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <div className={styles.bar}>
      <output className={styles.summary}>{summary}</output>
      {children}
    </div>
  );
}

import { type ReactNode, useEffect } from "react";
import styles from "./empty-page.module.css";
import { Heading } from "./heading.tsx";

/** A page that has nothing to show: why, in a sentence, and a way on. */
export function EmptyPage(props: {
  readonly title: string;
  readonly text: string;
  readonly children: ReactNode;
}) {
  // It often takes the place of a longer page that was scrolled, and would begin out of sight.
  useEffect(() => {
    window.scrollTo(0, 0); // newer browsers answer a promise, which an effect must not
  }, []);
  return (
    <div className={styles.page}>
      <Heading title={props.title} />
      <p className={styles.text}>{props.text}</p>
      <div className={styles.actions}>{props.children}</div>
    </div>
  );
}

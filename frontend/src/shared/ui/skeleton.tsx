import styles from "./skeleton.module.css";

/** A quiet placeholder in the size of what is to come; shows only after 300 ms of waiting. */
export function Skeleton({ width = "100%", height }: { readonly width?: string; readonly height: string }) {
  return <div className={styles.bar} style={{ inlineSize: width, blockSize: height }} aria-hidden="true" />;
}

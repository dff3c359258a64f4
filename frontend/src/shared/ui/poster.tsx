import styles from "./poster.module.css";

interface PosterProps {
  readonly url: string;
  readonly className?: string | undefined;
  /** The largest thing of the first view is fetched first; posters further down wait. */
  readonly priority?: "high" | "lazy";
}

/** Decoration: everything on it is also said in words beside it, so its alt text is empty. */
export function Poster({ url, className, priority = "lazy" }: PosterProps) {
  return (
    <img
      src={url}
      alt=""
      width={400}
      height={500}
      className={[styles.poster, className].filter(Boolean).join(" ")}
      loading={priority === "lazy" ? "lazy" : "eager"}
      fetchPriority={priority === "high" ? "high" : "auto"}
      decoding="async"
    />
  );
}

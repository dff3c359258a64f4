import type { ComponentProps, ReactNode } from "react";
import { Link } from "wouter";
import styles from "./button.module.css";

type Look = "primary" | "quiet" | "plain";

interface ButtonProps extends ComponentProps<"button"> {
  readonly look?: Look;
  /** What the button says while its work runs; it cannot be pressed again until then. */
  readonly busy?: string | false;
}

export function Button({ look = "quiet", busy = false, className, children, onClick, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={classes(look, className)}
      // Not `disabled`: a focused button that goes away takes the keyboard's place with it.
      aria-disabled={busy !== false || undefined}
      onClick={(event) => (busy === false ? onClick?.(event) : event.preventDefault())}
    >
      {busy === false ? children : busy}
    </button>
  );
}

interface ButtonLinkProps {
  readonly href: string;
  readonly look?: Look;
  readonly className?: string;
  readonly children: ReactNode;
}

export function ButtonLink({ href, look = "quiet", className, children }: ButtonLinkProps) {
  return (
    <Link href={href} className={classes(look, className)}>
      {children}
    </Link>
  );
}

/** A link that leaves the page's own code: a download, the bank. */
export function ButtonAnchor({
  look = "quiet",
  className,
  children,
  ...rest
}: ComponentProps<"a"> & { look?: Look }) {
  return (
    <a {...rest} className={classes(look, className)}>
      {children}
    </a>
  );
}

function classes(look: Look, extra: string | undefined): string {
  return [styles.button, styles[look], extra].filter(Boolean).join(" ");
}

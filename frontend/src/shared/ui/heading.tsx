import { type ReactNode, useEffect, useRef } from "react";

let landed = false;

/**
 * The page's one h1. Names the tab too, and takes the focus after a change of page,
 * so that a screen reader hears where it is; not on the first page, where nothing changed.
 */
export function Heading({
  title,
  tab = title,
  className,
  children,
}: {
  title: string;
  /** What the browser's tab says, when it is more than the title. */
  tab?: string;
  className?: string | undefined;
  children?: ReactNode;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${tab} · AegisTickets`;
  }, [tab]);
  useEffect(() => {
    if (landed) {
      heading.current?.focus({ preventScroll: true });
    }
    landed = true;
  }, []);
  return (
    <h1 ref={heading} tabIndex={-1} className={className}>
      {children ?? title}
    </h1>
  );
}

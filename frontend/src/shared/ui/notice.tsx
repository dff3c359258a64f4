import type { ReactNode } from "react";
import { ApiError } from "#shared/api/problem.ts";
import { type Explanation, explain } from "#shared/words/errors.ts";
import styles from "./notice.module.css";

interface NoticeProps {
  readonly tone?: "calm" | "good" | "soon" | "alarm";
  readonly title: string;
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
}

export function Notice({ tone = "calm", title, children, actions }: NoticeProps) {
  return (
    <div
      className={[styles.notice, styles[tone]].filter(Boolean).join(" ")}
      role={tone === "alarm" ? "alert" : undefined}
    >
      <strong>{title}</strong>
      {children !== undefined && <p className={styles.text}>{children}</p>}
      {actions !== undefined && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}

/** A failed request in words; nothing while there is no error. */
export function ErrorNotice({
  error,
  actions,
}: {
  readonly error: Error | null;
  readonly actions?: ReactNode;
}) {
  if (!error) {
    return null;
  }
  const { title, text } = explained(error);
  return (
    <Notice tone="alarm" title={title} actions={actions}>
      {text}
    </Notice>
  );
}

/** What went wrong, in a few words. */
export function titleOf(error: Error): string {
  return explained(error).title;
}

function explained(error: Error): Explanation {
  return explain(error instanceof ApiError ? error : new ApiError(0, {}));
}

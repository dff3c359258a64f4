import { type ReactNode, type RefObject, useId } from "react";
import { Button } from "./button.tsx";
import styles from "./confirm.module.css";

interface ConfirmProps {
  readonly dialog: RefObject<HTMLDialogElement | null>;
  readonly question: string;
  readonly children: ReactNode;
  readonly yes: string;
  readonly no: string;
  readonly busy?: string | false;
  readonly onYes: () => void;
}

/** A question before something that cannot be undone; Escape and the second button leave all as it is. */
export function Confirm({ dialog, question, children, yes, no, busy = false, onYes }: ConfirmProps) {
  const title = useId();
  return (
    <dialog ref={dialog} className={styles.dialog} aria-labelledby={title}>
      <h2 id={title}>{question}</h2>
      <div>{children}</div>
      <div className={styles.actions}>
        <Button look="primary" busy={busy} onClick={onYes}>
          {yes}
        </Button>
        <Button onClick={() => dialog.current?.close()}>{no}</Button>
      </div>
    </dialog>
  );
}

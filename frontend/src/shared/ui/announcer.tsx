import { useSyncExternalStore } from "react";

let message = "";
const listeners = new Set<() => void>();

/** Says something to screen readers when they next pause, from anywhere in the page. */
export function announce(text: string): void {
  // The same words twice would not be a change, and so not be heard.
  message = text === message ? `${text}\u00a0` : text;
  for (const listener of listeners) {
    listener();
  }
}

export function Announcer() {
  const text = useSyncExternalStore(subscribe, () => message);
  return (
    <div role="status" className="visually-hidden">
      {text}
    </div>
  );
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

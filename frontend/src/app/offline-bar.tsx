import { onlineManager } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import styles from "./offline-bar.module.css";

export function OfflineBar() {
  const online = useSyncExternalStore(
    (changed) => onlineManager.subscribe(changed),
    () => onlineManager.isOnline(),
  );
  return (
    <div role="status">
      {!online && (
        <p className={styles.bar}>
          You are offline. Tickets in your basket stay held until their time is over; this page goes on by
          itself when you are back.
        </p>
      )}
    </div>
  );
}

import { useEffect, useState } from "react";
import { serverNow } from "./clock.ts";

/** The server's time, re-read every second while `running`; each caller re-renders with it. */
export function useServerNow(running = true): number {
  const [now, setNow] = useState(serverNow);
  useEffect(() => {
    if (!running) {
      return;
    }
    const timer = setInterval(() => setNow(serverNow()), 1000);
    return () => clearInterval(timer);
  }, [running]);
  return now;
}

import { useEffect, useRef } from "react";
import { useServerNow } from "#shared/time/use-server-now.ts";
import { counted } from "#shared/words/counts.ts";
import { clockTime } from "#shared/words/dates.ts";
import { inWords } from "#shared/words/time-left.ts";
import { announce } from "./announcer.tsx";
import styles from "./countdown.module.css";
import { Ticking } from "./ticking.tsx";

const MINUTE = 60_000;
const SPOKEN_MINUTES = [5, 1];

interface CountdownProps {
  readonly tickets: number;
  readonly expiresAt: string;
  /** The time is over. */
  readonly onEnd: () => void;
}

/** "2 tickets held until 20:14" with the time left; calm until five minutes, then it says so in words. */
export function Countdown({ tickets, expiresAt, onEnd }: CountdownProps) {
  const left = Date.parse(expiresAt) - useServerNow();
  const soon = left <= 5 * MINUTE;
  useSpokenMinutes(left);
  const over = left <= 0;
  useEffect(() => {
    if (over) {
      onEnd();
    }
  }, [over, onEnd]);
  return (
    <div className={soon ? styles.soon : styles.calm}>
      <p>
        <strong>{counted(tickets, "ticket")}</strong> held until{" "}
        <time dateTime={expiresAt}>{clockTime(expiresAt)}</time>
      </p>
      <p>
        <span className={styles.digits}>
          <Ticking ms={left} />
        </span>
        {soon && <span> {inWords(left)} left</span>}
      </p>
    </div>
  );
}

/** Tells screen readers at five minutes and at one; a clock that spoke every second would drown the page. */
function useSpokenMinutes(left: number): void {
  const spoken = useRef<number>(Math.ceil(left / MINUTE));
  const minutes = Math.ceil(left / MINUTE);
  useEffect(() => {
    if (minutes < spoken.current && SPOKEN_MINUTES.includes(minutes)) {
      announce(`${counted(minutes, "minute")} left to pay for your tickets.`);
    }
    spoken.current = minutes;
  }, [minutes]);
}

import { type ReactNode, useEffect, useRef } from "react";
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
  /** "2 tickets held". */
  readonly children: ReactNode;
  readonly expiresAt: string;
  /** What the time is for: "to pay". */
  readonly purpose: string;
  /** From how many minutes on the time left is said in words, with emphasis. */
  readonly soonAt?: number;
  /** The time is over. */
  readonly onEnd?: () => void;
}

/** "2 tickets held until 20:14" with the time left; calm at first, towards the end it says so in words. */
export function Countdown({ children, expiresAt, purpose, soonAt = 5, onEnd }: CountdownProps) {
  const left = Date.parse(expiresAt) - useServerNow();
  const soon = left <= soonAt * MINUTE;
  useSpokenMinutes(left, purpose);
  const over = left <= 0;
  useEffect(() => {
    if (over) {
      onEnd?.();
    }
  }, [over, onEnd]);
  return (
    <div className={soon ? styles.soon : styles.calm}>
      <p>
        {children} until <time dateTime={expiresAt}>{clockTime(expiresAt)}</time>
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
function useSpokenMinutes(left: number, purpose: string): void {
  const spoken = useRef<number>(Math.ceil(left / MINUTE));
  const minutes = Math.ceil(left / MINUTE);
  useEffect(() => {
    if (minutes < spoken.current && SPOKEN_MINUTES.includes(minutes)) {
      announce(`${counted(minutes, "minute")} left ${purpose}.`);
    }
    spoken.current = minutes;
  }, [minutes, purpose]);
}

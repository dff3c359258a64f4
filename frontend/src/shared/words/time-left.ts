import { counted } from "./counts.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** "9:41" or "1:02:05": time left to the second, rounded up so that zero means over. */
export function ticking(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / SECOND));
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = String(seconds % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** "3 days", "5 hours", "4 minutes", "less than a minute": time left in words. */
export function inWords(ms: number): string {
  if (ms >= 2 * DAY) {
    return counted(Math.floor(ms / DAY), "day");
  }
  if (ms >= 2 * HOUR) {
    return counted(Math.floor(ms / HOUR), "hour");
  }
  return ms > MINUTE ? counted(Math.ceil(ms / MINUTE), "minute") : "less than a minute";
}

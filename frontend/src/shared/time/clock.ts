/**
 * The server's clock, told from the Date header of its answers.
 *
 * A Date header is cut to the second and already old when it arrives, so each makes the server seem
 * behind by a little. The truth is at or above the largest difference seen lately, and less than a
 * second above it; the visitor's own clock is believed as long as it fits there.
 */
const KEPT = 16;
const CUT_MS = 1000;
const samples: number[] = [];

export function observeServerTime(date: string | null): void {
  const serverTime = Date.parse(date ?? "");
  if (Number.isNaN(serverTime)) {
    return;
  }
  samples.push(serverTime - Date.now());
  if (samples.length > KEPT) {
    samples.shift();
  }
}

/** Milliseconds since 1970 by the server's clock; the visitor's own until the server has answered once. */
export function serverNow(): number {
  if (samples.length === 0) {
    return Date.now();
  }
  const least = Math.max(...samples);
  return Date.now() + Math.min(Math.max(0, least), least + CUT_MS);
}

export function forgetServerTime(): void {
  samples.length = 0;
}

/**
 * The server's clock, told from the Date header of its answers.
 *
 * A Date header is cut to the second and already old when it arrives, so each sample makes the
 * server seem behind by a little; the largest of the recent ones is the nearest to the truth.
 */
const KEPT = 16;
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
  return Date.now() + (samples.length > 0 ? Math.max(...samples) : 0);
}

export function forgetServerTime(): void {
  samples.length = 0;
}

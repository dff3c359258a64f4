import { ApiError } from "#shared/api/problem.ts";
import type { Place } from "#shared/api/types.ts";

const SLOWEST_S = 30;
/** Later by up to this share, at random: pages that all keep to the same second come in waves. */
const SPREAD = 0.2;

/**
 * Milliseconds until the shop may be asked again after its last answer; null: there is nothing to ask.
 * Never sooner than the shop said. failures: questions in a row without an answer; each doubles the wait.
 */
export function nextAsk(
  place: Place | null | undefined,
  error: Error | null,
  failures: number,
  random: () => number = Math.random,
): number | null {
  const usual =
    place && (place.state === "gathering" || place.state === "waiting" || place.state === "closed");
  if (error ? !(error instanceof ApiError && error.passing) : !usual) {
    return null;
  }
  const asked = Math.max(1, place?.poll_after_seconds ?? 1, retryAfter(error));
  const seconds = error ? Math.max(asked, Math.min(SLOWEST_S, 2 ** failures)) : asked;
  return seconds * 1000 * (1 + random() * SPREAD);
}

function retryAfter(error: Error | null): number {
  return (error instanceof ApiError && error.retryAfter) || 0;
}

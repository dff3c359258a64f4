import type { EventDetail, Place } from "#shared/api/types.ts";
import { usePlace } from "#shared/place/use-place.ts";
import { useTakePlace } from "#shared/place/use-take-place.ts";
import { serverNow } from "#shared/time/clock.ts";
import { useServerNow } from "#shared/time/use-server-now.ts";

/** Whether the visitor may buy now, and what to do when not. */
export interface Turn {
  /** free: nobody waits. asking: not known yet. away: without a place. closed: nothing is left. */
  readonly stage: "free" | "asking" | "away" | "in-line" | "admitted" | "expired" | "closed";
  readonly place: Place | null;
  readonly mayBuy: boolean;
  readonly take: () => void;
  readonly taking: boolean;
  readonly error: Error | null;
  /** What to do when the stock says that one has to wait. */
  readonly refused: () => void;
}

/** Where the visitor stands with an event that may have a waiting room. */
export function useTurn(event: EventDetail): Turn {
  const { place, isLoading, askAgain } = usePlace(event.id);
  const now = useServerNow(place?.state === "admitted");
  const { take, taking, error } = useTakePlace(event.id);
  const stage = isLoading ? "asking" : stageOf(event, place ?? null, Math.max(now, serverNow()));
  return {
    stage,
    place: place ?? null,
    mayBuy: stage === "free" || stage === "admitted",
    take,
    taking,
    error,
    // Whoever had been let in is told that their time is over, not put at the end of the line without a word.
    refused: stage === "admitted" ? askAgain : take,
  };
}

function stageOf(event: EventDetail, place: Place | null, now: number): Turn["stage"] {
  switch (place?.state) {
    case "gathering":
    case "waiting":
      return "in-line";
    case "admitted":
      return now < Date.parse(place.admission_expires_at ?? "") ? "admitted" : "expired";
    case "not_needed":
      return "free";
    case "closed":
      return "closed";
    default:
      break;
  }
  if (event.waiting_room === "gathering" || event.waiting_room === "open") {
    return place ? "expired" : "away";
  }
  return event.waiting_room === "closed" ? "closed" : "free";
}

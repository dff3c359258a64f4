import { counted } from "./counts.ts";
import type { Explanation } from "./errors.ts";

const MINUTE_S = 60;
const HOUR_S = 3600;

/** Where the longest is so many times the shortest, the shortest says nothing. */
const WIDEST = 4;

interface Span {
  readonly from: number;
  readonly to: number;
}

/** "about 2 to 4 minutes", "up to 3 minutes", "less than a minute": a wait of so many seconds, never too exact. */
export function waitWords({ from, to }: Span): string {
  if (to <= MINUTE_S) {
    return "less than a minute";
  }
  const [unit, name] = to >= 2 * HOUR_S ? [HOUR_S, "hour"] : [MINUTE_S, "minute"];
  const least = Math.floor(from / unit);
  const most = Math.ceil(to / unit);
  if (least * WIDEST < most) {
    return `up to ${counted(most, name)}`;
  }
  return least === most ? `about ${counted(most, name)}` : `about ${least} to ${counted(most, name)}`;
}

export const PLACE_OVER: Explanation = {
  title: "Your place has run out",
  text: "The time to choose has passed, or you were away for too long. Nothing was charged; tickets in your basket stay held until their own time is over. You can take a new place at the end of the line.",
};

export const SOLD_OUT_ROOM =
  "All tickets have been bought, and nothing was charged to you. Should some come back, those whose page stays open go on in their order.";

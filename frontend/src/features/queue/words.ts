import type { Place } from "#shared/api/types.ts";
import { whole } from "#shared/words/counts.ts";
import { moment } from "#shared/words/dates.ts";
import { waitWords } from "#shared/words/waiting.ts";

/** "Number 12 in line", "Next in line". */
export function numberWords({ position }: Place): string {
  return position === null || position <= 1 ? "Next in line" : `Number ${whole(position)} in line`;
}

/** When the turn comes, as far as anybody can say. */
export function turnWords({ estimate_seconds }: Place): string {
  return estimate_seconds
    ? `Your turn comes in ${waitWords(estimate_seconds)}.`
    : "We cannot say yet how long it takes: nobody is being let in at the moment.";
}

/** All of it in one sentence or two, to be heard. */
export function spokenWords(place: Place): string {
  if (place.state === "waiting") {
    return `${numberWords(place)}. ${turnWords(place)}`;
  }
  return place.opens_at
    ? `You have a place. The sale opens on ${moment(place.opens_at)}; then the order is drawn by lot.`
    : "You have a place. The order is being drawn.";
}

// Hours of an ordinary day: what grows, leaks or fills up shows only by and by. `make load` watches the memory.

import { checkInvariants } from "./invariants.js";
import { findEvents, JOURNEYS, limits } from "./people.js";
import { number, options as plan, steady } from "./plan.js";

export { buy, lookAround } from "./people.js";
export { handleSummary } from "./summary.js";

const RATE = number("RATE", 10); // people a second who buy; twice as many look around
const DURATION = number("DURATION", 180); // seconds; 14400 is four hours
const FIRST = Math.floor(DURATION / 2);
const LAST = { start: FIRST, tags: { phase: "last" } };

// The second half keeps the promise by itself, so that a shop that tires is not saved by its beginning.
export const options = plan(
  {
    buyers: steady("buy", RATE, FIRST, { tags: { phase: "first" } }),
    visitors: steady("lookAround", 2 * RATE, FIRST, { tags: { phase: "first" } }),
    late_buyers: steady("buy", RATE, DURATION - FIRST, LAST),
    late_visitors: steady("lookAround", 2 * RATE, DURATION - FIRST, LAST),
  },
  { journeys: JOURNEYS, phases: ["first", "last"] },
  limits,
);
export const setup = findEvents;
export const teardown = checkInvariants;

// An ordinary busy day: most people look around, some buy, all the way to their tickets.

import { checkInvariants } from "./invariants.js";
import { findEvents, JOURNEYS, limits } from "./people.js";
import { number, options as plan, rising, steady } from "./plan.js";

export { buy, lookAround } from "./people.js";
export { handleSummary } from "./summary.js";

const RATE = number("RATE", 20); // people a second who buy; twice as many look around
const DURATION = number("DURATION", 60); // seconds
const OPENING = DURATION / 6;
const OPEN = { start: OPENING, tags: { phase: "steady" } };

export const options = plan(
  {
    early_buyers: rising("buy", 1, [[RATE, OPENING]], { tags: { phase: "opening" } }),
    buyers: steady("buy", RATE, DURATION - OPENING, OPEN),
    early_visitors: rising("lookAround", 1, [[2 * RATE, OPENING]], { tags: { phase: "opening" } }),
    visitors: steady("lookAround", 2 * RATE, DURATION - OPENING, OPEN),
  },
  { journeys: JOURNEYS, phases: ["steady"] },
  limits,
);
export const setup = findEvents;
export const teardown = checkInvariants;

// Does the shop work at all, and quickly enough for a handful of people? Half a minute, for every deployment.

import { checkInvariants } from "./invariants.js";
import { findEvents, JOURNEYS, limits } from "./people.js";
import { number, options as plan, steady } from "./plan.js";

export { buy } from "./people.js";
export { handleSummary } from "./summary.js";

const RATE = number("RATE", 5); // visits a second
const DURATION = number("DURATION", 20); // seconds

export const options = plan({ buyers: steady("buy", RATE, DURATION) }, { journeys: JOURNEYS }, limits);
export const setup = findEvents;
export const teardown = checkInvariants;

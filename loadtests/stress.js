// More and more people, step by step, until a step does not keep the promise: the rate of the step before is what the
// shop carries. So this test always ends with missed thresholds; `make load` says at which rate, and whether that is
// enough.

import { checkInvariants, limits as invariants } from "./invariants.js";
import { findEvents, JOURNEYS } from "./people.js";
import { number, options as plan, steady } from "./plan.js";
import { figuresOf, limitsOf } from "./thresholds.js";

export { buy } from "./people.js";
export { handleSummary } from "./summary.js";

const START = number("START", 20); // visits a second, each of about six requests
const FACTOR = number("FACTOR", 1.25); // from step to step
const STEPS = number("STEPS", 16);
const DURATION = number("DURATION", 6); // seconds of each step
const SETTLING = 2; // seconds between two steps, so that the one does not pay for the other

const rates = Array.from({ length: STEPS }, (_, step) => Math.round(START * FACTOR ** step));

// A step that has just missed the promise is worth seeing to its end; one that is far beyond it ends the test.
const limitsOfStep = (step) => ({
  ...Object.assign({}, ...JOURNEYS.map((journey) => limitsOf(`{journey:${journey},step:${step}}`, 1))),
  [`journey_failed{step:${step}}`]: [{ threshold: "rate<=0.3", abortOnFail: true }],
  [`dropped_iterations{scenario:step_${step}}`]: [{ threshold: "count==0", abortOnFail: true }],
});
const figures = JOURNEYS.map((journey) => figuresOf(`{journey:${journey}}`));

const scenarios = rates.map((rate, step) => [
  `step_${rate}`,
  steady("buy", rate, DURATION, { start: step * (DURATION + SETTLING), tags: { step: String(rate) } }),
]);

export const options = {
  ...plan(Object.fromEntries(scenarios), { journeys: JOURNEYS }),
  thresholds: Object.assign({}, invariants, ...figures, ...rates.map(limitsOfStep)),
};
export const setup = findEvents;
export const teardown = checkInvariants;

// How a test is set: its numbers from the environment, and the options that all tests share.

import { limits as invariants } from "./invariants.js";
import { options as promised } from "./thresholds.js";

// DURATION=90 k6 run …: a number of this name, else the usual one.
export const number = (name, usual) => {
  const given = Number(__ENV[name] || usual);
  if (!(given >= 0)) throw new Error(`${name} is ${__ENV[name]}, it must be a number`);
  return given;
};

// Seconds that visits may take on average; when they take longer somebody finds no place in k6, which is a dropped
// iteration and fails the test. A rush is of short visits, and three thousand places in k6 are enough to start.
const PATIENCE = 3;
const PATIENCE_IN_A_RUSH = 1.5;

// So many a second for so long, whether or not the shop keeps up with it: customers do not wait for each other.
// tags: of everything that they do.
// patience: seconds that each of them may take.
export const steady = (exec, rate, seconds, { start = 0, tags = {}, patience = PATIENCE } = {}) => ({
  ...always(exec, start, tags, patience),
  executor: "constant-arrival-rate",
  rate: Math.ceil(rate * 10),
  timeUnit: "10s",
  duration: `${seconds}s`,
  preAllocatedVUs: Math.ceil(rate * patience) + 5,
});

// stages: [rate to reach, seconds to get there].
export const rising = (exec, from, stages, { start = 0, tags = {} } = {}) => ({
  ...always(exec, start, tags),
  executor: "ramping-arrival-rate",
  startRate: from,
  stages: stages.map(([target, seconds]) => ({ target, duration: `${seconds}s` })),
  preAllocatedVUs: Math.ceil(Math.max(from, ...stages.map(([target]) => target)) * PATIENCE_IN_A_RUSH) + 5,
});

const always = (exec, start, tags, patience = PATIENCE) => ({
  exec,
  startTime: `${start}s`,
  gracefulStop: `${12 + patience}s`,
  tags,
});

// limits: journeys and phases, as thresholds.js takes them. more: thresholds of the test's own.
export const options = (scenarios, limits, more = {}) => {
  const common = promised(scenarios, limits);
  return {
    ...common,
    thresholds: { ...common.thresholds, ...invariants, ...more },
    discardResponseBodies: true,
    noVUConnectionReuse: true, // everybody is somebody else, and comes with a connection of their own
    systemTags: ["status", "scenario"], // each further tag costs k6 time that the shop needs on the same machine
    setupTimeout: "60s",
    teardownTimeout: "120s",
  };
};

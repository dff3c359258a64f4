// What a load test judges by: the journeys, objectives and outcomes of slo.yaml.
//
//     import { options as promised, record, tags } from "./thresholds.js";
//     export const options = promised({ sale: { executor: "ramping-arrival-rate", … } }, { journeys: ["book"] });
//     record("POST /api/basket", http.post(url, body, { tags: tags("POST /api/basket") }));

import { Counter, Rate, Trend } from "k6/metrics";

const promise = "PROMISE";

const requests = new Counter("journey_requests");
const failed = new Rate("journey_failed");
const duration = new Trend("journey_duration", true);
const latencies = promise.latencies.map((latency) => ({ ...latency, within: new Rate(latency.metric) }));

// "GET /api/events/{event_id}" -> "browse"
export const journeyOf = (route) => {
  const journey = promise.routes[route];
  if (journey === undefined) throw new Error(`${route} belongs to no journey of slo.yaml`);
  return journey;
};

// The tags of a request. `name` keeps k6 from making a time series of each address.
export const tags = (route) => ({ name: route, route, journey: journeyOf(route) });

// Counts the answer for its journey and says what it is: "good", "bad" or "excluded".
export const record = (route, response) => {
  // k6's own duration begins when there is a connection; the customer waits for that too.
  const seconds = (response.timings.blocked + response.timings.duration) / 1000;
  const outcome = outcomeOf(response.status, seconds);
  const tagged = { route, journey: journeyOf(route) };
  if (outcome === "excluded") return outcome;
  requests.add(1, tagged);
  failed.add(outcome === "bad", tagged);
  if (outcome === "good") {
    duration.add(seconds * 1000, tagged);
    for (const latency of latencies) latency.within.add(seconds <= latency.under, tagged);
  }
  return outcome;
};

// Without an answer (status 0: refused, reset, timed out) there is no rule: the customer has got nothing.
const outcomeOf = (status, seconds) => {
  const fits = (rule) => rule.status === String(status) || rule.status === `${Math.floor(status / 100)}xx`;
  const rule = promise.classification.find((rule) => fits(rule) && !(seconds >= rule.under));
  return rule ? rule.outcome : "bad";
};

// journeys: those that the test makes. minimum: requests of each; a threshold that sees none would pass. phases: values
// of the tag `phase`, in each of which the journeys keep the promise by themselves.
export const thresholds = ({ journeys = promise.journeys, minimum = promise.minimum, phases = [] } = {}) => {
  if (!(minimum >= promise.minimum))
    throw new Error(`at least ${promise.minimum} requests of a journey prove something`);
  const limits = { dropped_iterations: ["count==0"] };
  for (const journey of journeys) {
    if (!promise.journeys.includes(journey)) throw new Error(`${journey} is no journey of slo.yaml`);
    Object.assign(limits, limitsOf(`{journey:${journey}}`, minimum));
    for (const phase of phases) Object.assign(limits, limitsOf(`{journey:${journey},phase:${phase}}`, 1));
  }
  return limits;
};

// of: the tags of the requests that must keep them, "{journey:book}". minimum: how many there must be.
export const limitsOf = (of, minimum) => ({
  [`journey_requests${of}`]: [`count>=${minimum}`],
  [`journey_failed${of}`]: [`rate<=${promise.failed}`],
  [`journey_duration${of}`]: latencies.map(
    (latency) => `p(${latency.percentile})<=${Math.round(latency.under * 1000)}`,
  ),
  ...Object.fromEntries(latencies.map((latency) => [`${latency.metric}${of}`, [`rate>=${latency.target}`]])),
});

// Thresholds that always hold: only so does k6 tell the figures of some requests apart from those of all.
export const figuresOf = (of) => ({
  [`journey_requests${of}`]: ["count>=0"],
  [`journey_failed${of}`]: ["rate<=1"],
  ...Object.fromEntries(latencies.map((latency) => [`${latency.metric}${of}`, ["rate>=0"]])),
});

// What a script exports as `options`.
export const options = (scenarios, limits) => ({
  scenarios,
  thresholds: thresholds(limits),
  summaryTrendStats: ["min", "med", ...latencies.map((latency) => `p(${latency.percentile})`), "max"],
});

// A hot event goes on sale: 50 people a second become 2,000 a second within ten seconds, while others look around. All of
// its tickets are sold, none twice, quickly, and when the crowd has gone everything is as before.

import { sleep } from "k6";
import exec from "k6/execution";
import { Counter, Trend } from "k6/metrics";
import { checkInvariants } from "./invariants.js";
import { number, options as plan, rising, steady } from "./plan.js";
import { checkOut, hold, readEvent, seeEvent, seeList } from "./shop.js";
import { findSale, given, gone, limits } from "./stock.js";

export { handleSummary } from "./summary.js";

const RATE = number("RATE", 2000); // arrivals a second at the height
const DURATION = number("DURATION", 13); // seconds; the height is reached after ten of them
const TICKETS = number("TICKETS", 10000);
const WITHIN = number("WITHIN", 5); // seconds from the first arrival until the last ticket is bought
const BROWSING = number("BROWSING", 20); // people a second who look around
const AFTER = number("AFTER", 5); // seconds in which everything must be as before
const RISING = Math.min(10, 0.75 * DURATION);
const FIRST = Math.min(50, RATE); // arrivals a second at the beginning
const ARRIVALS = (RISING * (FIRST + RATE)) / 2 + (DURATION - RISING) * RATE;
const BUYERS = number("BUYERS", Math.floor(Math.min(2000, ARRIVALS))); // who have tickets in the end, or an answer

const sold = new Counter("sale_tickets");
const buyers = new Counter("sale_buyers");
const served = new Counter("sale_served"); // who have bought, or were told that nothing is left
const since = new Trend("sale_bought_after", true);

const common = plan(
  {
    visitors: steady("lookAround", BROWSING, DURATION, { tags: { phase: "rush" } }),
    crowd: rising(
      "buy",
      FIRST,
      [
        [RATE, RISING],
        [RATE, DURATION - RISING],
      ],
      { tags: { phase: "rush" } },
    ),
    late_visitors: steady("lookAround", BROWSING, AFTER, { start: DURATION + 1, tags: { phase: "after" } }),
    late_crowd: steady("buy", BROWSING, AFTER, { start: DURATION + 1, tags: { phase: "after" } }),
  },
  { journeys: ["browse", "book"], phases: ["rush", "after"] },
  {
    ...limits,
    sale_tickets: [`count==${TICKETS}`],
    sale_buyers: ["count>0"],
    sale_served: [`count>=${BUYERS}`], // a sale that turns most people away may be quick, and sell out all the same
    sale_bought_after: [`max<=${WITHIN * 1000}`],
  },
);
// Each of k6's people connects once, three thousand in all; whoever comes later comes by one of these connections, as
// through a load balancer. A connection for each arrival would cost k6 and the shop more than the sale itself.
export const options = { ...common, noVUConnectionReuse: false };

export const setup = () => {
  const sale = findSale("Load test: opening night");
  if (sale.left === TICKETS) return sale;
  throw new Error(
    `the sale needs ${TICKETS} tickets and ${sale.left} are left: publish another event, or say TICKETS=`,
  );
};

export const lookAround = ({ id }) => {
  seeList();
  seeEvent(id);
};

// One to nine tickets, five on average; of the last ones as many as there are.
export const buy = ({ id }) => {
  let wanted = 1 + (exec.scenario.iterationInTest % 9);
  while (wanted > 0) {
    const held = hold({ event_id: id, quantity: wanted });
    if (held.status === 201) return pay(wanted);
    const left = held.status === 409 ? held.json("available_tickets") : undefined;
    if (left === undefined) return; // turned away, for whatever reason
    wanted = Math.min(wanted - 1, left);
  }
  served.add(1);
};

const pay = (tickets) => {
  given(tickets);
  if (checkOut({}).status !== 200) return;
  sold.add(tickets);
  buyers.add(1);
  served.add(1);
  since.add(Date.now() - exec.scenario.startTime);
};

export const teardown = ({ id, left }) => {
  sleep(1.5); // the shown number lags a second
  gone(left - readEvent(id).json("available_tickets"));
  checkInvariants();
};

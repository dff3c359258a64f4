// More people than places, for an event with a waiting room: everybody waits for their turn as the page tells them to,
// and buys when it has come. Some go away, some give back what they hold, and some try to get by.

import { sleep } from "k6";
import exec from "k6/execution";
import http from "k6/http";
import { Counter } from "k6/metrics";
import { checkInvariants } from "./invariants.js";
import * as line from "./line.js";
import { number, options as plan, steady } from "./plan.js";
import { checkOut, giveBack, hold, leavePlace, readEvent, takePlace } from "./shop.js";
import { findSale, given, gone, returned, limits as stock } from "./stock.js";

export { handleSummary } from "./summary.js";

const RATE = number("RATE", 100); // people a second
const DURATION = number("DURATION", 10); // seconds in which they come
const TICKETS = number("TICKETS", 400);
const WITHIN = number("WITHIN", 60); // seconds after which whoever still waits goes home
const FRIENDS = 10; // who compare when their turn comes
const OPENING = 30; // seconds until a room is open whose event has just been published
const LAST = DURATION + WITHIN; // seconds until the last of them has gone

const bought = new Counter("queue_bought");

export const options = plan(
  {
    crowd: steady("come", RATE, DURATION, { patience: WITHIN }),
    trespassers: steady("getBy", Math.max(2, RATE / 20), DURATION),
    friends: {
      executor: "per-vu-iterations",
      exec: "comeAsFriends",
      maxDuration: `${LAST + 30}s`,
    },
  },
  { journeys: ["queue", "book"] },
  {
    ...stock,
    ...line.limits,
    // An admission whose holder has gone away keeps its ticket for as long as it is good.
    queue_bought: [`count>=${Math.floor(0.85 * TICKETS)}`, `count<=${TICKETS}`],
  },
);
// Everybody may have to stay to the end, and nobody longer.
options.scenarios.crowd.preAllocatedVUs = Math.ceil(RATE * Math.min(DURATION, WITHIN)) + 5;

export const setup = () => {
  for (let waited = 0; waited < OPENING; waited++) {
    const sale = findSale("Load test: one at a time");
    if (sale.left !== TICKETS) {
      throw new Error(
        `the queue needs ${TICKETS} tickets and ${sale.left} are left: publish another event, or say TICKETS=`,
      );
    }
    if (sale.room === "open") return { id: sale.id, left: sale.left };
    sleep(1);
  }
  throw new Error("the event has no waiting room that is open: publish it with one, and on sale");
};

const ticket = (id) => ({ event_id: id, quantity: 1 });
const nth = (every, which) => exec.scenario.iterationInTest % every === which;

export const come = ({ id }) => {
  const taken = takePlace(id);
  if (taken.status !== 201 || nth(50, 49)) return; // one in fifty is never heard of again
  if (nth(20, 11)) {
    leavePlace(id);
    return;
  }
  const standing = line.waitForTurn(id, taken.json(), WITHIN);
  if (standing.state === "admitted") shop(id, standing);
  else if (line.waits(standing)) leavePlace(id);
};

const shop = (id, standing) => {
  if (nth(5, 2)) line.trespass("somebody else's", ticket(id), standing.admission);
  if (hold(ticket(id)).status !== 201) return;
  given(1);
  if (nth(20, 5)) {
    if (giveBack().status < 300) returned(1);
    return;
  }
  if (checkOut({}).status !== 200) return;
  bought.add(1);
  line.checkAdmittedOnce(id, standing);
  if (nth(5, 2)) line.tryAgain(ticket(id));
};

// A place is no admission, and what the shop did not sign is none either.
export const getBy = ({ id }) => {
  line.trespass("no admission", ticket(id));
  const taken = takePlace(id);
  if (taken.status === 201) {
    line.trespass("forged", ticket(id), taken.json("place"));
    leavePlace(id);
  }
};

// One after another while the crowd comes, each with cookies of their own.
export const comeAsFriends = ({ id }) => {
  const since = Date.now();
  const seconds = () => (Date.now() - since) / 1000;
  const friends = [];
  let invited = 0;
  while (seconds() < LAST && (invited < FRIENDS || friends.some(({ standing }) => line.waits(standing)))) {
    if (invited < FRIENDS && seconds() >= (invited * DURATION) / FRIENDS) {
      invited++;
      const who = { jar: new http.CookieJar(), headers: {} };
      const taken = takePlace(id, who);
      if (taken.status === 201) friends.push({ standing: taken.json(), who, since: Date.now() });
    }
    askAll(id, friends);
    sleep(0.25);
  }
};

const askAll = (id, friends) => {
  friends.forEach((each, index) => {
    if (!line.waits(each.standing)) return;
    each.standing = line.askAgain(id, each.standing, each.who);
    if (each.standing.state === "admitted") line.checkNotOvertaken(id, friends, index);
  });
  for (const each of friends) {
    if (each.standing.state !== "admitted" || each.done) continue;
    each.done = true;
    line.arrive(each.since);
    if (hold(ticket(id), each.who).status !== 201) continue;
    given(1);
    if (checkOut({}, each.who).status === 200) bought.add(1);
  }
};

export const teardown = ({ id, left }) => {
  sleep(1.5); // the shown number lags a second
  gone(left - readEvent(id).json("available_tickets"));
  checkInvariants();
};

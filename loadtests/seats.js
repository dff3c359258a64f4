// A small hall and thousands of people who all want the seats in front: each seat goes to one of them, or to none.

import { sleep } from "k6";
import exec from "k6/execution";
import { Counter } from "k6/metrics";
import { checkInvariants } from "./invariants.js";
import { number, options as plan, steady } from "./plan.js";
import { checkOut, hold, seeEvent, seeSeats } from "./shop.js";
import { findSale, given, gone, limits, seatsOf } from "./stock.js";

export { handleSummary } from "./summary.js";

const RATE = number("RATE", 250); // people a second
const DURATION = number("DURATION", 15); // seconds
const TRIES = 3;

const taken = new Counter("seats_taken"); // by others first: without these nobody was after the same seats

export const options = plan(
  { crowd: steady("choose", RATE, DURATION) },
  { journeys: ["browse", "book"] },
  { ...limits, seats_taken: ["count>0"] },
);

export const setup = () => {
  const { id } = findSale("Load test: full house");
  const seats = seatsOf(id, "free");
  if (seats.length >= 10) return { id, seats };
  throw new Error(`only ${seats.length} seats are free: publish another event, or name one by EVENT=`);
};

// Two seats side by side, the further in front the more wanted; when they are gone, two others.
export const choose = ({ id, seats }) => {
  seeEvent(id);
  if (exec.scenario.iterationInTest % 4 === 0) seeSeats(id);
  for (let tried = 0; tried < TRIES; tried++) {
    const first = Math.floor((seats.length - 1) * Math.random() ** 2);
    const held = hold({ event_id: id, seat_ids: seats.slice(first, first + 2) });
    if (held.status === 201) {
      given(2);
      checkOut({});
      return;
    }
    if (held.status === 409) taken.add(1);
  }
};

export const teardown = ({ id, seats }) => {
  sleep(1.5); // the shown seats lag as well
  gone(seats.length - seatsOf(id, "free").length);
  checkInvariants();
};

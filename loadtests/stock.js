// What there is to sell, and whether all that customers were given is missing from it: neither more nor less.

import { Counter } from "k6/metrics";
import { readEvent, readList, readSeats } from "./shop.js";

// Tickets or seats that customers hold by what the shop told them, less those that are gone by what it shows at the end.
// Above 0: something was given to two. Below 0: something is gone that nobody got. Nobody else may be buying meanwhile.
const unaccounted = new Counter("tickets_unaccounted");
const counted = new Counter("tickets_counted");

export const limits = { tickets_unaccounted: ["count==0"], tickets_counted: ["count>0"] };

export const given = (tickets) => {
  counted.add(tickets);
  unaccounted.add(tickets);
};

// Tickets that a customer had and has let go.
export const returned = (tickets) => unaccounted.add(-tickets);

export const gone = (tickets) => unaccounted.add(-tickets);

// The event of this name, or EVENT: { id, left, room }.
export const findSale = (name) => {
  const found = __ENV.EVENT ? readEvent(__ENV.EVENT) : readList(`per_page=100&q=${encodeURIComponent(name)}`);
  if (found.status !== 200) throw new Error(`the event is answered ${found.status} ${found.error}`);
  const event = __ENV.EVENT ? found.json() : found.json("events").find((each) => each.name === name);
  if (!event) throw new Error(`there is no event "${name}": publish loadtests/events.yaml, or name another by EVENT=`);
  return { id: event.id, left: event.available_tickets, room: event.waiting_room };
};

// The ids of seats in this state, in the order of the hall.
export const seatsOf = (event, state) => {
  const answer = readSeats(event);
  if (answer.status !== 200) throw new Error(`the seats are answered ${answer.status} ${answer.error}`);
  return answer
    .json("seats")
    .filter((seat) => seat.state === state)
    .map((seat) => seat.id);
};

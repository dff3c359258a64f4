// What people come to do. Everybody is new: k6 forgets cookies between visits.

import { sleep } from "k6";
import exec from "k6/execution";
import http from "k6/http";
import { Rate } from "k6/metrics";
import { checkOut, hold, readList, seeEvent, seeList, seeOrder, seeSeats, seeTicket } from "./shop.js";

const APPROVED = "4242424242424242";
const TEST_PROVIDER = /^https?:\/\/[^/]+\/pay\/[^/]+\/[^/]+$/;
const WAY_BACK = 0.3; // seconds from the provider's page to ours
const LOOKS = 8; // at an order that is being settled,
const APART = 1.5; // seconds, as our page does
const LEAST = 1000; // tickets of an event that a test can buy from without selling it out

// What a visit that ends with tickets belongs to.
export const JOURNEYS = ["browse", "book", "account"];

const visits = new Rate("visits_completed");

// Answers may be quick and in order while nobody gets what they came for.
export const limits = { visits_completed: ["rate>=0.999"] };

// The ids of events to buy from: those with the most tickets, or EVENT alone.
export const findEvents = () => {
  if (__ENV.EVENT) return { events: [Number(__ENV.EVENT)] };
  const answer = readList("per_page=100");
  if (answer.status !== 200) throw new Error(`the list of events is answered ${answer.status} ${answer.error}`);
  const fit = answer.json("events").filter((each) => isFree(each) && !each.seated && each.available_tickets >= LEAST);
  const events = fit.sort((one, other) => other.available_tickets - one.available_tickets).slice(0, 3);
  if (events.length === 0) throw new Error(`no event is on sale with ${LEAST} tickets left: publish one`);
  return { events: events.map((each) => each.id) };
};

// Whether one simply buys: a waiting room is for the scenario `queue`.
const isFree = (event) => event.on_sale && event.waiting_room === "none";

const pick = (events) => events[exec.scenario.iterationInTest % events.length];
const every = (nth) => exec.scenario.iterationInTest % nth === 0;

export const lookAround = ({ events }) => {
  const list = seeList();
  const event = seeEvent(pick(events));
  visits.add(list.status === 200 && event.status === 200);
};

// The whole journey: find an event, hold tickets, pay, come back to the order and fetch a ticket.
export const buy = ({ events }) => {
  const event = pick(events);
  seeList();
  seeEvent(event);
  if (every(10)) seeSeats(event);
  const held = hold({ event_id: event, quantity: 1 + (exec.scenario.iterationInTest % 4) });
  // Our page sends people to the provider's; other clients have the card charged.
  const bought = held.status === 201 ? checkOut({ payment: { method: every(4) ? "hosted" : "card" } }) : held;
  visits.add(hasTickets(bought));
};

const hasTickets = (bought) => {
  if (bought.status === 200) return comeBack(bought.json()).status === "paid";
  if (bought.status !== 202) return false;
  const order = bought.json();
  // Of another provider's page we know nothing; the shop has done its part.
  if (order.payment_url && !TEST_PROVIDER.test(order.payment_url)) return seeOrder(order).status === 200;
  if (order.payment_url) http.post(order.payment_url, { card: APPROVED }, { redirects: 0, tags: { name: "pay page" } });
  sleep(WAY_BACK);
  for (let looked = 0; looked < LOOKS; looked++) {
    if (comeBack(order).status === "paid") return true;
    sleep(APART);
  }
  return false;
};

// The order as its page shows it, and its first ticket if it has any.
const comeBack = (bought) => {
  const answer = seeOrder(bought);
  const order = answer.status === 200 ? answer.json() : {};
  if (order.status === "paid") seeTicket(order.tickets[0]);
  return order;
};

// The shop as its customers use it: one function for each request, whose answer is counted for its journey.

import http from "k6/http";
import { record, tags } from "./thresholds.js";

export const HOST = (__ENV.HOST || "http://localhost:8080").replace(/\/+$/, "");

// Sold out, a seat that is gone, a link that is too old: answers of a shop that works. record() knows the others.
http.setResponseCallback(http.expectedStatuses({ min: 200, max: 499 }));

const LIST = "GET /api/events";
const EVENT = "GET /api/events/{event_id}";
const SEATS = "GET /api/events/{event_id}/seats";
const PLACE = "GET /api/events/{event_id}/place";
const TAKE_PLACE = "POST /api/events/{event_id}/place";
const LEAVE_PLACE = "DELETE /api/events/{event_id}/place";
const HOLD = "POST /api/basket";
const GIVE_BACK = "DELETE /api/basket";
const CHECKOUT = "POST /api/checkout";
const ORDER = "GET /api/orders/{order_id}";
const TICKET = "GET /api/tickets/{code}.svg";
const JSON_BODY = { "Content-Type": "application/json" };

// Made once for each route, not once for each request. read: whether the body is looked at; k6 throws away the others.
const params = (route, read) => ({
  tags: tags(route),
  headers: route.startsWith("POST") ? JSON_BODY : {},
  responseType: read ? "text" : "none",
  timeout: "10s",
});
const READ = Object.fromEntries(
  [LIST, EVENT, SEATS, PLACE, TAKE_PLACE, HOLD, CHECKOUT, ORDER].map((route) => [route, params(route, true)]),
);
const SEEN = Object.fromEntries(
  [LIST, EVENT, SEATS, LEAVE_PLACE, GIVE_BACK, TICKET].map((route) => [route, params(route, false)]),
);

const counted = (route, response) => {
  record(route, response);
  return response;
};
// who: { jar, headers } of somebody who is not the customer whose cookies k6 keeps.
const asked = (known, who) => (who ? { ...known, jar: who.jar, headers: { ...known.headers, ...who.headers } } : known);
const get = (route, path, params, who) => counted(route, http.get(HOST + path, asked(params[route], who)));
const post = (route, path, body, who) =>
  counted(route, http.post(HOST + path, JSON.stringify(body), asked(READ[route], who)));
const remove = (route, path) => counted(route, http.del(HOST + path, null, SEEN[route]));

export const seeList = () => get(LIST, "/api/events", SEEN);
export const seeEvent = (id) => get(EVENT, `/api/events/${id}`, SEEN);
export const seeSeats = (id) => get(SEATS, `/api/events/${id}/seats`, SEEN);
export const readList = (query) => get(LIST, `/api/events?${query}`, READ);
export const readEvent = (id) => get(EVENT, `/api/events/${id}`, READ);
export const readSeats = (id) => get(SEATS, `/api/events/${id}/seats`, READ);

// The basket's cookie stays with the customer, so the checkout needs no more than itself.
export const hold = (wanted, who) => post(HOLD, "/api/basket", wanted, who);
export const checkOut = (payment, who) => post(CHECKOUT, "/api/checkout", payment, who);
export const giveBack = () => remove(GIVE_BACK, "/api/basket");

// The place and the admission are cookies as well.
export const takePlace = (id, who) => post(TAKE_PLACE, `/api/events/${id}/place`, {}, who);
export const seePlace = (id, who) => get(PLACE, `/api/events/${id}/place`, READ, who);
export const leavePlace = (id) => remove(LEAVE_PLACE, `/api/events/${id}/place`);

// bought: what the checkout answered.
export const seeOrder = (bought) => get(ORDER, `/api/orders/${bought.order_id}?token=${bought.order_token}`, READ);
export const seeTicket = (ticket) => counted(TICKET, http.get(absolute(ticket.svg_url), SEEN[TICKET]));

const absolute = (address) => (address.startsWith("/") ? HOST + address : address);

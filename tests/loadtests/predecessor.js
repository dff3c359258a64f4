// In the manner of the predecessor's clients: a hundred users, its four routes, JSON bodies, prices as numbers, and a jar
// for each request, so that no cookie is ever sent. It knows nothing of slo.yaml.
import http from "k6/http";
import { check, group, sleep } from "k6";
import { Rate } from "k6/metrics";

const errorRate = new Rate("errors");
const BASE_URL = __ENV.BASE_URL || "http://localhost:8080";
const RAMP = __ENV.RAMP || "1m";
const HOLD = __ENV.HOLD || "5m";

export const options = {
  stages: [
    { duration: RAMP, target: 100 },
    { duration: HOLD, target: 100 },
    { duration: RAMP, target: 0 },
  ],
  thresholds: {
    http_req_duration: ["p(95)<800"],
    http_req_failed: ["rate<0.01"],
    errors: ["rate<0.01"],
    checks: ["rate>0.99"],
  },
};

const asJson = () => ({ headers: { "Content-Type": "application/json" }, jar: new http.CookieJar() });

export default function () {
  let event;

  group("list", () => {
    const res = http.get(`${BASE_URL}/api/events`);
    const events = res.json("events");
    const ok = check(res, {
      "list is 200": (r) => r.status === 200,
      "list has its count": (r) => r.json("count") === events.length,
      "prices are numbers": () => events.every((e) => typeof e.price === "number"),
    });
    errorRate.add(!ok);
    event = events.find((e) => e.id === 1 + (__ITER % 3));
  });
  sleep(0.5);

  group("detail", () => {
    const res = http.get(`${BASE_URL}/api/events/${event.id}`);
    const ok = check(res, {
      "detail is 200": (r) => r.status === 200,
      "detail is the event": (r) => r.json("id") === event.id && r.json("name") === event.name,
      "tickets are left": (r) => r.json("available_tickets") > 0,
    });
    errorRate.add(!ok);
  });
  sleep(0.5);

  const quantity = 1 + (__ITER % 4);
  group("basket", () => {
    const body = JSON.stringify({ event_id: event.id, quantity });
    const res = http.post(`${BASE_URL}/api/basket`, body, asJson());
    const ok = check(res, {
      "basket is 201": (r) => r.status === 201,
      "basket has an id": (r) => typeof r.json("basket_id") === "string",
      "basket has what was asked for": (r) => r.json("event_id") === event.id && r.json("quantity") === quantity,
    });
    errorRate.add(!ok);
  });
  sleep(0.5);

  group("checkout", () => {
    const items = [{ event_id: event.id, quantity, price: event.price }];
    const res = http.post(`${BASE_URL}/api/checkout`, JSON.stringify({ items }), asJson());
    const ok = check(res, {
      "checkout is 200": (r) => r.status === 200,
      "checkout has a transaction": (r) => typeof r.json("transaction_id") === "string",
      "checkout adds up": (r) => Math.abs(r.json("total") - quantity * event.price) < 0.005,
    });
    errorRate.add(!ok);
  });
  sleep(1);
}

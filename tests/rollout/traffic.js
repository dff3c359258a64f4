// Customers who look at an event, hold a ticket, check out and look at their order, at a constant rate, on connections
// that stay open. Every answer that is not the expected one is a line on the console.
import http from "k6/http";

const { URL, EVENT, RATE, SECONDS } = __ENV;

export const options = {
  scenarios: {
    customers: {
      executor: "constant-arrival-rate",
      rate: Number(RATE),
      timeUnit: "1s",
      duration: `${SECONDS}s`,
      preAllocatedVUs: 40,
      maxVUs: 200,
      gracefulStop: "10s",
    },
  },
  systemTags: ["status"],
};

function ask(method, path, body, expected) {
  const began = Date.now();
  const answer = http.request(method, URL + path, body && JSON.stringify(body), {
    headers: { "Content-Type": "application/json" },
    timeout: "10s",
  });
  if (answer.status === expected) {
    return answer.json();
  }
  const { status, error, headers } = answer;
  const retryAfter = headers["Retry-After"] ?? null;
  console.log(JSON.stringify({ began, ended: Date.now(), request: `${method} ${path}`, status, error, retryAfter }));
  return null;
}

export default function customer() {
  ask("GET", `/api/events/${EVENT}`, null, 200);
  const basket = ask("POST", "/api/basket", { event_id: Number(EVENT), quantity: 1 }, 201);
  const order = basket && ask("POST", "/api/checkout", { basket_id: basket.basket_id }, 200);
  if (order) {
    ask("GET", `/api/orders/${order.order_id}?token=${order.order_token}`, null, 200);
  }
}

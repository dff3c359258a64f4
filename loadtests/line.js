// Waiting for one's turn, and what nobody may do meanwhile.

import { sleep } from "k6";
import http from "k6/http";
import { Counter, Trend } from "k6/metrics";
import { hold, seePlace } from "./shop.js";
import { given } from "./stock.js";

const KINDS = ["no admission", "forged", "somebody else's"];
const STRANGE_BASKET = "0190f6a0-0000-7000-8000-000000000000";
const LAG = 2.5; // seconds until each process of the shop has heard of an admission
const SOON = 0.25; // seconds

const admitted = new Counter("queue_admitted");
const waited = new Trend("queue_waited", true);
const twice = new Counter("queue_admitted_twice");
const attempts = new Counter("queue_attempts"); // to hold tickets without one's turn
const letBy = new Counter("queue_let_by"); // of those, how many were not told to wait
const compared = new Counter("queue_compared"); // admissions of which it was seen who had come before
const overtaken = new Counter("queue_overtaken");

// A threshold that sees nothing would pass, so each thing that must not be has to have been tried.
export const limits = {
  queue_admitted: ["count>0"],
  queue_admitted_twice: ["count==0"],
  ...Object.fromEntries(KINDS.map((kind) => [`queue_attempts{kind:${kind}}`, ["count>0"]])),
  queue_let_by: ["count==0"],
  queue_compared: ["count>0"],
  queue_overtaken: ["count==0"],
};

export const waits = ({ state }) => state === "waiting" || state === "gathering";

// Ask as often as one is told to, each a little earlier or later, and answer where one stands at last.
export const waitForTurn = (id, taken, seconds) => {
  const since = Date.now();
  let standing = taken;
  while (waits(standing) && Date.now() - since < seconds * 1000) {
    sleep(standing.poll_after_seconds * (0.8 + 0.4 * Math.random()));
    standing = askAgain(id, standing);
  }
  if (standing.state === "admitted") arrive(since);
  return standing;
};

// A shop that does not answer has not said anything new.
export const askAgain = (id, standing, who) => {
  const answer = seePlace(id, who);
  return answer.status === 200 ? answer.json() : standing;
};

export const arrive = (since) => {
  admitted.add(1);
  waited.add(Date.now() - since);
};

// Once admitted, nobody gets another admission at the same place, whatever they have done with the first.
export const checkAdmittedOnce = (id, standing, who) => {
  const now = askAgain(id, standing, who);
  if (now.admission && now.admission !== standing.admission) twice.add(1);
};

// What was bought with is used up.
export const tryAgain = (wanted) => {
  if (hold(wanted).status !== 201) return;
  twice.add(1);
  given(wanted.quantity);
};

// Without one's turn: without an admission, with one that the shop has not given, or with somebody else's.
export const trespass = (kind, wanted, admission = "") => {
  const stranger = { jar: new http.CookieJar(), headers: admission ? { "X-Admission": admission } : {} };
  const basket = kind === "somebody else's" ? { basket_id: STRANGE_BASKET } : {};
  const answer = hold({ ...wanted, ...basket }, stranger);
  attempts.add(1, { kind });
  if (answer.status === 201) given(wanted.quantity);
  letBy.add(isRefused(answer) ? 0 : 1);
};

// Too much at once and failures are no way in; they are counted for the journey.
const isRefused = ({ status, body }) => {
  if (status === 0 || status === 429 || status >= 500) return true;
  const type = status === 409 && body ? JSON.parse(body).type : "";
  return type.endsWith("/waiting-room") || type.endsWith("/sold-out");
};

// line: people who know each other, in the order in which they have come: { standing, who }. Whoever came before the
// one at `index`, who has just been admitted, has been admitted too, or nobody who asks has heard of it yet.
export const checkNotOvertaken = (id, line, index) => {
  if (index === 0) return;
  compared.add(1);
  const since = Date.now();
  const waiting = () => line.slice(0, index).filter((each) => waits(each.standing) && !each.overtaken);
  while (waiting().length > 0 && Date.now() - since < LAG * 1000) {
    sleep(SOON);
    for (const each of waiting()) each.standing = askAgain(id, each.standing, each.who);
  }
  for (const each of waiting()) {
    each.overtaken = true;
    overtaken.add(1);
  }
};

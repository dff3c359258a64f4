// The end of every test: the shop is asked whether stock, seats, orders and money agree.

import { sleep } from "k6";
import http from "k6/http";
import { Counter } from "k6/metrics";
import { HOST } from "./shop.js";

const PATIENCE = 40; // seconds; where nobody may ask for a fresh check, a worker makes one every ten

const checked = new Counter("invariants_checked");
const broken = new Counter("invariants_broken");

// A shop that cannot be asked has proven nothing, so that fails as well.
export const limits = { invariants_checked: ["count>=1"], invariants_broken: ["count==0"] };

export const checkInvariants = () => {
  const found = check();
  if (found === null) {
    console.error(`${HOST}/api/status does not say whether the invariants hold`);
    return;
  }
  checked.add(1);
  broken.add(found.length);
  for (const each of found) console.error(`broken: ${each}`);
};

// What is broken, or null when nobody knows.
const check = () => {
  const fresh = ask("?fresh=1");
  if (fresh.status !== 403) return fresh.status === 200 ? fresh.json("invariants.broken") : null;
  const since = Date.now();
  for (let waited = 0; waited < PATIENCE; waited++) {
    const latest = ask("");
    const invariants = latest.status === 200 ? latest.json("invariants") : {};
    if (invariants.known && Date.parse(invariants.checked_at) > since) return invariants.broken;
    sleep(1);
  }
  return null;
};

const ask = (query) => http.get(`${HOST}/api/status${query}`, { responseType: "text", tags: { name: "status" } });

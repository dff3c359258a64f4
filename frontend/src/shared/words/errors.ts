import type { ApiError, ProblemKind } from "#shared/api/problem.ts";
import { moment } from "./dates.ts";

export interface Explanation {
  readonly title: string;
  /** What it means for the tickets and the money, and what to do now. */
  readonly text: string;
}

/** Paid for and run out look the same from here, so the words are true for both. */
export const CLOSED_BASKET: Explanation = {
  title: "This basket is closed",
  text: "If you paid, your tickets are in the link and e-mail of your order. If not, nothing was charged and they are on sale again.",
};

const EXPLANATIONS: Partial<Record<ProblemKind, Explanation>> = {
  "already-extended": {
    title: "The time was already extended",
    text: "A basket can be extended once. Your tickets stay held until the time shown.",
  },
  "basket-bought": {
    title: "These tickets have been bought",
    text: "Open the order by the link that was shown when it was paid, or by the one in its e-mail. You paid only once.",
  },
  "basket-busy": {
    title: "A payment for this basket is under way",
    text: "Wait a moment and try again. The tickets stay yours meanwhile; you pay only once.",
  },
  "basket-empty": { title: "Your basket is empty", text: "Choose tickets first. Nothing was charged." },
  "basket-expired": CLOSED_BASKET,
  "currency-mismatch": {
    title: "Your basket is in another currency",
    text: "Pay for what is in it first, or give it back. Nothing more was held.",
  },
  "idempotency-in-flight": {
    title: "Still working on it",
    text: "Your first click is being handled. Wait a moment before trying again; you pay only once.",
  },
  "limit-reached": {
    title: "That is more than one customer may hold",
    text: "Choose fewer tickets, or finish what is in your basket first.",
  },
  "not-cancellable": {
    title: "This order can no longer be cancelled",
    text: "Your tickets stay valid and nothing has changed.",
  },
  "not-found": { title: "We do not have that", text: "The link may be old or incomplete." },
  offline: {
    title: "The shop cannot be reached",
    text: "Check your connection, then try again. Tickets in your basket stay held until their time is over; you pay only once.",
  },
  "order-state": {
    title: "This order has moved on",
    text: "Load its page again to see where it stands; you pay only once.",
  },
  "payment-declined": {
    title: "The payment was declined",
    text: "You were not charged. The tickets stay held until the time shown: try again or use another card.",
  },
  "price-changed": {
    title: "The price has changed",
    text: "Nothing was charged. Look at the new total before you pay.",
  },
  "seat-gone": {
    title: "Someone was a moment faster",
    text: "At least one of these seats is taken now. None was held and nothing was charged: choose again.",
  },
  "sold-out": {
    title: "Not enough tickets are left",
    text: "Nothing was held or charged. Choose fewer, or come back: held tickets that are not paid return within minutes.",
  },
  "too-many-holds": {
    title: "You hold as many tickets as you may at a time",
    text: "Pay for what is in your basket or give it back first. Nothing more was held.",
  },
  "too-many-places": {
    title: "Many places are taken from your connection",
    text: "Others who share it, in an office or on a mobile network, wait already. Try again in a minute, or from another connection.",
  },
  "room-full": {
    title: "The waiting room is full",
    text: "More people wait than could be served soon. Try again in some minutes.",
  },
  "too-many-requests": {
    title: "That was a bit fast",
    text: "Wait a few seconds and try again. What is in your basket stays held.",
  },
  unavailable: {
    title: "The shop is very busy",
    text: "Try again in a moment. Tickets in your basket stay held until their time is over; you pay only once.",
  },
  validation: {
    title: "Something in the form is not right",
    text: "Correct the marked fields. Nothing was charged.",
  },
  "waiting-room": {
    title: "Customers are let in one after another",
    text: "Nothing was held or charged. Take a place in line: what you chose is kept, and you are asked in when it is your turn.",
  },
};

const UNKNOWN: Explanation = {
  title: "Something went wrong",
  text: "Try again in a moment. If it was a payment, your order page shows what became of it; you pay only once.",
};

/** Where the server's sentence has a number that ours cannot know. */
const WITH_DETAIL: readonly ProblemKind[] = ["limit-reached", "sold-out"];

/** An error in words a customer understands. */
export function explain(error: ApiError): Explanation {
  const ours = EXPLANATIONS[error.kind] ?? UNKNOWN;
  const { detail, on_sale_at } = error.problem;
  if (detail && WITH_DETAIL.includes(error.kind)) {
    return { ...ours, text: `${detail} ${ours.text}` };
  }
  if (error.kind === "not-on-sale") {
    return notOnSale(on_sale_at);
  }
  return ours;
}

function notOnSale(opensAt: string | undefined): Explanation {
  return opensAt
    ? { title: "Not on sale yet", text: `Nothing was held. The sale opens on ${moment(opensAt)}.` }
    : { title: "The sale has ended", text: "Nothing was held or charged." };
}
